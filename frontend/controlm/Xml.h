// XML as a stream of tags, each attribute with the bytes of the file that it stands in.
#pragma once

#include "frontend/ir/Estate.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

namespace hoist::controlm {

/// Deeper elements are refused: the reader keeps one level of memory for each.
inline constexpr size_t deepestXml = 1000;

struct XmlAttribute {
    llvm::StringRef name; ///< UTF-8
    llvm::StringRef
        value; ///< UTF-8, references resolved; a part of the file where nothing had to be
    Span nameSpan;
    Span span; ///< of the value, without its quotes
};

struct XmlTag {
    llvm::StringRef name;
    Span nameSpan;
    Span span; ///< `<JOB … >`
    llvm::ArrayRef<XmlAttribute> attributes;
};

/// What is told while a file is read. Text lives as long as the estate.
class XmlHandler {
public:
    virtual ~XmlHandler() = default;
    virtual void start(XmlTag const& tag) = 0;
    virtual void end() = 0;
    /// Text between tags that is more than blanks: where it begins.
    virtual void text(Span where) = 0;
};

/// Reads one file. What is wrong is reported, and then what is open is ended. False: not all of the
/// file was read.
bool readXml(FileId file, ir::Estate& estate, diag::Diagnostics& diags, XmlHandler& handler);

} // namespace hoist::controlm
