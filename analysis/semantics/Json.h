// JSON with the place of every value, so that what is wrong with it is shown where it stands.
#pragma once

#include "frontend/base/Source.h"

#include <optional>
#include <string>
#include <vector>

namespace hoist::semantics {

struct JsonValue {
    enum class Kind : uint8_t { null, boolean, integer, real, string, array, object };
    Kind kind = Kind::null;
    Span span;
    std::string text; ///< string
    int64_t number = 0;
    bool flag = false;
    std::vector<JsonValue> items; ///< array; the values of an object
    struct Key {
        std::string text;
        Span span;
    };
    std::vector<Key> keys; ///< object, as long as `items`
};

struct JsonError {
    Span span;
    std::string text;
};

/// Nothing with `error` filled when the file is no JSON, or nests deeper than 16.
std::optional<JsonValue> parseJson(SourceMap const& sources, FileId file, JsonError& error);

} // namespace hoist::semantics
