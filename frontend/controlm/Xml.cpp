// expat reads, and the bytes of each tag are read a second time for the places of its attributes.
//
// The file goes to expat as it is, in whatever encoding: so the positions that expat counts are
// positions in the file, and nothing is converted but the values. The second reading knows that the
// tag is well-formed and looks for blanks, `=` and quotes only, which are the same bytes in every
// encoding that is read here (ASCII and its extensions), and the same 16-bit units in UTF-16.
//
// Refused: a document type with declarations of its own (entities are made there), any document
// type but those that old exports name, and references to entities other than the five of XML.
// Nothing is ever loaded.
#include "frontend/controlm/Xml.h"

#include "frontend/controlm/Encodings.h"

#include <llvm/ADT/StringExtras.h>

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace hoist::controlm {

using diag::Code;

namespace {

/// The bytes of a file as units of one or two bytes.
class Units {
public:
    explicit Units(llvm::StringRef source) : bytes(source) {
        auto const starts = [&](char a, char b) {
            return bytes.size() >= 2 && bytes[0] == a && bytes[1] == b;
        };
        isBig = starts('\xFE', '\xFF') || starts('\0', '<');
        step = isBig || starts('\xFF', '\xFE') || starts('<', '\0') ? 2 : 1;
    }

    size_t width() const { return step; }
    size_t size() const { return bytes.size(); }
    /// The unit at a byte offset; 0 behind the end.
    uint32_t at(size_t offset) const {
        if (offset + step > bytes.size())
            return 0;
        auto const byte = [&](size_t i) -> uint32_t {
            return static_cast<unsigned char>(bytes[i]);
        };
        if (step == 1)
            return byte(offset);
        return isBig ? byte(offset) << 8 | byte(offset + 1) : byte(offset + 1) << 8 | byte(offset);
    }
    bool isBlank(size_t offset) const {
        uint32_t const unit = at(offset);
        return unit == ' ' || unit == '\t' || unit == '\n' || unit == '\r';
    }
    /// The next place of a unit at or behind an offset; the end if there is none.
    size_t find(char unit, size_t offset) const {
        if (step == 1)
            return std::min(bytes.find(unit, offset), bytes.size());
        while (offset < bytes.size() && at(offset) != static_cast<unsigned char>(unit))
            offset += 2;
        return std::min(offset, bytes.size());
    }
    llvm::StringRef slice(size_t begin, size_t end) const { return bytes.slice(begin, end); }

private:
    llvm::StringRef bytes;
    bool isBig = false;
    size_t step = 1;
};

struct Range {
    size_t begin = 0, end = 0;
};

class Reader {
public:
    Reader(FileId source, ir::Estate& target, diag::Diagnostics& findings, XmlHandler& listener)
        : file(source), estate(target), diags(findings), handler(listener),
          units(estate.sources.bytes(source)), parser(XML_ParserCreate(nullptr)) {}

    bool read() {
        if (!parser)
            throw std::bad_alloc();
        XML_SetUserData(parser.get(), this);
        XML_SetElementHandler(
            parser.get(),
            [](void* self, XML_Char const* name, XML_Char const** given) {
                static_cast<Reader*>(self)->start(name, given);
            },
            [](void* self, XML_Char const*) { static_cast<Reader*>(self)->end(); });
        XML_SetCharacterDataHandler(parser.get(), [](void* self, XML_Char const* text, int length) {
            static_cast<Reader*>(self)->text({text, static_cast<size_t>(length)});
        });
        XML_SetStartDoctypeDeclHandler(parser.get(), [](void* self, XML_Char const*,
                                                        XML_Char const* systemId, XML_Char const*,
                                                        int hasSubset) {
            static_cast<Reader*>(self)->doctype(systemId ? systemId : "", hasSubset != 0);
        });
        XML_SetUnknownEncodingHandler(
            parser.get(),
            [](void*, XML_Char const* name, XML_Encoding* encoding) {
                auto const* const table = codePage(name);
                if (!table)
                    return static_cast<int>(XML_STATUS_ERROR);
                std::copy(table->begin(), table->end(), encoding->map);
                encoding->convert = nullptr;
                encoding->release = nullptr;
                encoding->data = nullptr;
                return static_cast<int>(XML_STATUS_OK);
            },
            nullptr);

        // At once: pieces would make expat begin each token anew.
        llvm::StringRef rest = units.slice(0, units.size());
        constexpr size_t most = 1u << 30;
        XML_Status status = XML_STATUS_OK;
        do {
            llvm::StringRef const piece = rest.take_front(most);
            rest = rest.drop_front(piece.size());
            status =
                XML_Parse(parser.get(), piece.data(), static_cast<int>(piece.size()), rest.empty());
        } while (status == XML_STATUS_OK && !rest.empty());
        if (status == XML_STATUS_OK)
            return true;
        failure(XML_GetErrorCode(parser.get()));
        while (!open.empty()) {
            open.pop_back();
            handler.end();
        }
        return false;
    }

private:
    size_t position() const {
        XML_Index const index = XML_GetCurrentByteIndex(parser.get());
        return std::min(index < 0 ? size_t(0) : static_cast<size_t>(index), units.size());
    }
    Span span(size_t begin, size_t end) const {
        end = std::min(end, units.size());
        return estate.sources.span(file, std::min(begin, end), end);
    }
    Span span(Range range) const { return span(range.begin, range.end); }

    /// The text that expat made of a part of the file; the part itself where it is the same.
    llvm::StringRef keep(Range range, llvm::StringRef text) {
        llvm::StringRef const raw = units.slice(range.begin, range.end);
        return raw == text ? raw : estate.save(text);
    }

    /// expat may still tell of the element at hand.
    void stop() {
        isStopped = true;
        XML_StopParser(parser.get(), XML_FALSE);
    }

    void start(llvm::StringRef name, XML_Char const** given) {
        size_t const begin = position();
        size_t const length = static_cast<size_t>(XML_GetCurrentByteCount(parser.get()));
        size_t const close = std::min(begin + length, units.size());
        size_t at = begin + units.width();
        Range const nameAt = word(at, close);
        if (open.size() == deepestXml) {
            diags.report<Code::NestedTooDeep>(span(nameAt), deepestXml);
            return stop();
        }
        attributes.clear();
        for (; *given; given += 2) {
            while (at < close && units.isBlank(at))
                at += units.width();
            Range const key = word(at, close);
            size_t quote = std::min(units.find('=', key.end), close);
            while (quote < close && units.at(quote) != '"' && units.at(quote) != '\'')
                quote += units.width();
            size_t const from = std::min(quote + units.width(), close);
            Range const value{
                from, std::min(units.find(static_cast<char>(units.at(quote)), from), close)};
            at = value.end + units.width();
            if (!knowsEntities(value))
                return stop();
            attributes.push_back(
                {keep(key, given[0]), keep(value, given[1]), span(key), span(value)});
        }
        open.push_back(nameAt);
        handler.start({keep(nameAt, name), span(nameAt), span(begin, close), attributes});
    }

    /// The name that stands at `at`, which is moved behind it.
    Range word(size_t& at, size_t close) const {
        size_t const begin = at;
        while (at < close && !units.isBlank(at) && units.at(at) != '=' && units.at(at) != '>' &&
               units.at(at) != '/')
            at += units.width();
        return {begin, at};
    }

    /// Where a document type names a DTD that is not read, expat leaves out what it does not know.
    bool knowsEntities(Range value) {
        if (!namesDtd)
            return true;
        for (size_t at = units.find('&', value.begin); at < value.end;
             at = units.find('&', at + units.width())) {
            size_t const end = std::min(units.find(';', at), value.end);
            std::string name;
            for (size_t i = at + units.width(); i < end; i += units.width())
                name += static_cast<char>(units.at(i));
            if (!llvm::StringRef(name).starts_with("#") && name != "amp" && name != "lt" &&
                name != "gt" && name != "quot" && name != "apos") {
                diags.report<Code::ForeignEntity>(span(at, end + units.width()), name);
                return false;
            }
        }
        return true;
    }

    void end() {
        if (isStopped)
            return;
        open.pop_back();
        handler.end();
    }

    void text(llvm::StringRef text) {
        if (text.find_first_not_of(" \t\r\n") == llvm::StringRef::npos)
            return;
        size_t begin = position();
        while (begin < units.size() && units.isBlank(begin))
            begin += units.width();
        handler.text(
            span(begin, begin + static_cast<size_t>(XML_GetCurrentByteCount(parser.get()))));
    }

    void doctype(llvm::StringRef systemId, bool hasSubset) {
        size_t begin = position(); // in it, or at its end
        size_t const end = std::min(units.find('>', begin) + units.width(), units.size());
        while (begin > 0 && units.at(begin) != '<')
            begin -= std::min(begin, units.width());
        llvm::StringRef const name = systemId.substr(systemId.find_last_of("/\\") + 1);
        bool const isOfExports =
            name.equals_insensitive("deftable.dtd") || name.equals_insensitive("defcal.dtd");
        if (hasSubset || !isOfExports) {
            diags.report<Code::DoctypeRefused>(span(begin, end))
                .help("delete the document type; no export of Control-M needs it");
            return stop();
        }
        namesDtd = true;
        diags.report<Code::DtdNotRead>(span(begin, end), systemId);
    }

    void failure(XML_Error error) {
        size_t const at = position();
        Span const here = span(at, at + units.width());
        switch (error) {
        case XML_ERROR_ABORTED: return; // by us, and reported
        case XML_ERROR_NO_MEMORY: throw std::bad_alloc();
        case XML_ERROR_UNKNOWN_ENCODING:
        case XML_ERROR_INCORRECT_ENCODING: {
            auto const [where, name] = declaredEncoding();
            if (error == XML_ERROR_UNKNOWN_ENCODING)
                diags.report<Code::UnknownEncoding>(where, name)
                    .help("hoist reads UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252 and "
                          "US-ASCII");
            else
                diags.report<Code::WrongEncoding>(where, std::string("what it holds"), name);
            return;
        }
        case XML_ERROR_NO_ELEMENTS:
        case XML_ERROR_UNCLOSED_TOKEN:
        case XML_ERROR_UNCLOSED_CDATA_SECTION:
            if (open.empty() && error == XML_ERROR_NO_ELEMENTS)
                diags.report<Code::BadXml>(span(0, 0), std::string("there is no element in it"));
            else
                truncated(error == XML_ERROR_NO_ELEMENTS ? units.size() : at);
            return;
        case XML_ERROR_INVALID_TOKEN:
        case XML_ERROR_PARTIAL_CHAR:
            if (error == XML_ERROR_PARTIAL_CHAR || units.at(at) >= 0x80) {
                auto const [where, name] = declaredEncoding();
                diags
                    .report<Code::WrongEncoding>(
                        here, fmt::format("the byte 0x{:02X}", units.at(at) & 0xFF),
                        name.empty() ? "UTF-8" : name)
                    .label(where, "the encoding that the file declares")
                    .help("declare the encoding that the file has, such as ISO-8859-1 or "
                          "windows-1252");
                return;
            }
            break;
        default: break;
        }
        std::string message = XML_ErrorString(error);
        if (!message.empty())
            message[0] = llvm::toLower(message[0]);
        auto finding = diags.report<Code::BadXml>(here, message);
        if (error == XML_ERROR_TAG_MISMATCH && !open.empty())
            finding.label(span(open.back()), "this element is open");
    }

    void truncated(size_t at) {
        llvm::StringRef const name =
            open.empty()
                ? llvm::StringRef("a tag")
                : keep(open.back(), ascii(units.slice(open.back().begin, open.back().end)));
        diags.report<Code::CutFile>(span(std::min(at, units.size()), units.size()), name)
            .label(open.empty() ? Span{} : span(open.back()), "this element is open");
    }

    /// A name without the zero bytes of UTF-16.
    static std::string ascii(llvm::StringRef raw) {
        std::string text;
        for (char const c : raw)
            if (c != '\0')
                text += c;
        return text;
    }

    /// The value of `encoding="…"` in the XML declaration, and where it stands.
    std::pair<Span, std::string> declaredEncoding() const {
        size_t const end = std::min({units.find('>', 0), units.size(), size_t(1000)});
        std::string const head = ascii(units.slice(0, end));
        if (units.width() != 1)
            return {span(0, end), "UTF-16"};
        size_t const key = llvm::StringRef(head).find("encoding");
        size_t const quote = llvm::StringRef(head).find_first_of("\"'", key);
        if (key == std::string::npos || quote == std::string::npos)
            return {};
        size_t const close = std::min(head.find(head[quote], quote + 1), head.size());
        return {span(quote + 1, close), head.substr(quote + 1, close - quote - 1)};
    }

    struct Free {
        void operator()(XML_Parser it) const { XML_ParserFree(it); }
    };

    FileId file;
    ir::Estate& estate;
    diag::Diagnostics& diags;
    XmlHandler& handler;
    Units units;
    std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser;
    std::vector<Range> open; ///< names of the open elements
    std::vector<XmlAttribute> attributes;
    bool namesDtd = false, isStopped = false;
};

} // namespace

bool readXml(FileId file, ir::Estate& estate, diag::Diagnostics& diags, XmlHandler& handler) {
    return Reader(file, estate, diags, handler).read();
}

} // namespace hoist::controlm
