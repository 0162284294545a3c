// Writing JSON.
#include "backend/airflow/Json.h"

#include <llvm/Support/ConvertUTF.h>

#include <fmt/core.h>

namespace hoist::airflow {

void appendJsonString(std::string& out, llvm::StringRef bytes) {
    out += '"';
    for (size_t at = 0; at < bytes.size();) {
        size_t plain = at; // most text is printable ASCII: copy it in runs
        while (plain < bytes.size() && bytes[plain] >= 0x20 && bytes[plain] < 0x7F &&
               bytes[plain] != '"' && bytes[plain] != '\\')
            ++plain;
        out += bytes.slice(at, plain);
        at = plain;
        if (at == bytes.size())
            break;
        auto const byte = static_cast<unsigned char>(bytes[at]);
        if (byte >= 0x80) {
            size_t const length = byte >> 5 == 6    ? 2
                                  : byte >> 4 == 14 ? 3
                                  : byte >> 3 == 30 ? 4
                                                    : 0;
            auto const* begin = reinterpret_cast<llvm::UTF8 const*>(bytes.data()) + at;
            if (length && at + length <= bytes.size() &&
                llvm::isLegalUTF8Sequence(begin, begin + length)) {
                out += bytes.substr(at, length);
                at += length;
            } else {
                out += fmt::format("\\u{:04x}", byte);
                ++at;
            }
            continue;
        }
        ++at;
        switch (byte) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (byte < 0x20 || byte == 0x7F)
                out += fmt::format("\\u{:04x}", byte);
            else
                out += static_cast<char>(byte);
        }
    }
    out += '"';
}

void JsonWriter::breakLine() {
    if (compactDepth > 0)
        return;
    out += '\n';
    out.append(2 * static_cast<size_t>(depth), ' ');
}

void JsonWriter::separate() {
    if (afterKey) {
        afterKey = false;
        return;
    }
    if (!isFirst)
        out += compactDepth > 0 ? ", " : ",";
    if (depth > 0)
        breakLine();
    isFirst = false;
}

void JsonWriter::open(char bracket) {
    separate();
    out += bracket;
    ++depth;
    isFirst = true;
}

void JsonWriter::close(char bracket) {
    --depth;
    if (!isFirst)
        breakLine();
    out += bracket;
    isFirst = false;
}

void JsonWriter::key(llvm::StringRef name) {
    separate();
    appendJsonString(out, name);
    out += ": ";
    afterKey = true;
}

void JsonWriter::value(llvm::StringRef text) {
    separate();
    appendJsonString(out, text);
}

void JsonWriter::value(int64_t number) {
    separate();
    out += std::to_string(number);
}

void JsonWriter::value(bool boolean) {
    separate();
    out += boolean ? "true" : "false";
}

} // namespace hoist::airflow
