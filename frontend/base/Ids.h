// Typed 32-bit ids and the vectors they index: what the IR uses instead of pointers.
#pragma once

#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace hoist {

/// An index that only fits the vector of its own kind. Default-constructed: refers to nothing.
template <class Tag>
struct Id {
    static constexpr uint32_t noValue = std::numeric_limits<uint32_t>::max();
    uint32_t value = noValue;

    constexpr Id() = default;
    constexpr explicit Id(size_t index) : value(static_cast<uint32_t>(index)) {}
    constexpr bool isValid() const { return value != noValue; }
    constexpr explicit operator bool() const { return isValid(); }
    friend constexpr auto operator<=>(Id, Id) = default;
};

template <class IdType, class T>
class IdVector {
public:
    template <class... Args>
    IdType add(Args&&... args) {
        items.emplace_back(std::forward<Args>(args)...);
        return IdType(items.size() - 1);
    }
    T& operator[](IdType id) {
        assert(id.value < items.size());
        return items[id.value];
    }
    T const& operator[](IdType id) const {
        assert(id.value < items.size());
        return items[id.value];
    }
    size_t size() const { return items.size(); }
    bool empty() const { return items.empty(); }
    auto begin() { return items.begin(); }
    auto end() { return items.end(); }
    auto begin() const { return items.begin(); }
    auto end() const { return items.end(); }
    void reserve(size_t count) { items.reserve(count); }

    /// The ids in order, for `for (JobId id : estate.jobs.ids())`.
    struct Ids {
        uint32_t count;
        struct Iterator {
            uint32_t at;
            IdType operator*() const { return IdType(at); }
            Iterator& operator++() {
                ++at;
                return *this;
            }
            bool operator==(Iterator const&) const = default;
        };
        Iterator begin() const { return {0}; }
        Iterator end() const { return {count}; }
    };
    Ids ids() const { return {static_cast<uint32_t>(items.size())}; }

private:
    std::vector<T> items;
};

} // namespace hoist

template <class Tag>
struct std::hash<hoist::Id<Tag>> { // NOLINT(bugprone-std-namespace-modification): a type of our own
    size_t operator()(hoist::Id<Tag> id) const noexcept { return std::hash<uint32_t>{}(id.value); }
};
