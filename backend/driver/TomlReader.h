// Reads TOML with every key checked at its place: what hoist.toml's tables share.
#pragma once

#include "backend/driver/Config.h"
#include "frontend/diag/Diagnostics.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <functional>
#include <utility>
#include <vector>

namespace hoist {

/// What every table of hoist.toml is read with. Errors are C0006 and C0007.
class TomlReader {
public:
    using Reader = std::function<void(toml::node const&)>;
    /// The keys that are known, and what takes their values.
    using Table = std::vector<std::pair<llvm::StringRef, Reader>>;

    TomlReader(FileId fileId, ir::Estate& model, RunSettings& runSettings,
               diag::Diagnostics& diagnostics);

protected:
    Span spanOf(toml::source_region const& region) const;
    void bad(llvm::StringRef key, toml::node const& node, llvm::StringRef why);
    /// In the order of the file, so that findings and effects are.
    void readKeys(llvm::StringRef path, toml::table const& table, Table const& known);
    /// "hoist.toml:3"
    std::string placeOf(toml::node const& node) const;
    void readTable(llvm::StringRef path, toml::node const& node, Table const& known);
    template <class Value>
    void readValue(llvm::StringRef key, toml::node const& node, Value& target,
                   llvm::StringRef what) {
        if (auto const value = node.value_exact<Value>())
            target = *value;
        else
            bad(key, node, (what + " is needed").str());
    }
    void readText(llvm::StringRef key, toml::node const& node, std::string& target);
    void readList(llvm::StringRef key, toml::node const& node,
                  std::function<void(std::string, toml::node const&)> const& use,
                  char const* needed = "a list of texts is needed");
    /// A TOML date, as "2027-01-31".
    void readDay(llvm::StringRef key, toml::node const& node, std::string& day);

    FileId file;
    ir::Estate& estate;
    RunSettings& findings;
    diag::Diagnostics& diags;
    llvm::StringRef bytes;
};

} // namespace hoist
