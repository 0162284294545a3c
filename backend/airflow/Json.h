// JSON text, written as it streams: manifests of a million constructs do not become a tree first.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace hoist::airflow {

/// Appends a JSON string. Bytes that are no UTF-8 are read as Latin-1, the encoding old definitions
/// have.
void appendJsonString(std::string& out, llvm::StringRef bytes);

/// Objects and arrays with commas and indentation kept right; `compact` writes the rest of a value
/// on one line.
class JsonWriter {
public:
    /// Room for about so many bytes: a manifest of a hundred megabytes is not copied each time it
    /// doubles.
    void reserve(size_t bytes) { out.reserve(bytes); }
    void beginObject() { open('{'); }
    void endObject() { close('}'); }
    void beginArray() { open('['); }
    void endArray() { close(']'); }
    void key(llvm::StringRef name);
    void value(llvm::StringRef text);
    void value(int64_t number);
    void value(bool boolean);
    /// Until `endCompact` nothing breaks the line.
    void beginCompact() { ++compactDepth; }
    void endCompact() { --compactDepth; }
    std::string take() { return std::move(out) + "\n"; }

private:
    void open(char bracket);
    void close(char bracket);
    void separate();
    void breakLine();

    std::string out;
    unsigned depth = 0;
    unsigned compactDepth = 0;
    bool isFirst = true;
    bool afterKey = false;
};

} // namespace hoist::airflow
