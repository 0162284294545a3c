// What a file of Control-M's gives away. Kept is what the tables of hoist know: elements,
// attributes and properties, numbers, days, times and the closed words of their values. All else in
// a value is a name or free text, and what lies outside of values is prose.
#include "frontend/base/Suggest.h"
#include "frontend/controlm/Controlm.h"
#include "frontend/controlm/JsonNodes.h"
#include "frontend/controlm/Taken.h"
#include "frontend/controlm/Values.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace hoist::controlm {
namespace {

bool isNumber(llvm::StringRef text) { return !text.empty() && llvm::all_of(text, llvm::isDigit); }

template <size_t count>
bool isOneOf(llvm::StringRef word, llvm::StringLiteral const (&words)[count]) {
    return llvm::any_of(words, [&](llvm::StringRef one) { return word.equals_insensitive(one); });
}

/// Words of values that are free otherwise: what hoist or Control-M reads a meaning into.
constexpr llvm::StringLiteral wordsOfPlatforms[] = {"UNIX", "Linux", "Windows", "MVS",   "zOS",
                                                    "OS",   "AS400", "Tandem",  "VMS",   "Other",
                                                    "400",  "WIN",   "NT",      "AIXLX", "ANY"};
constexpr llvm::StringLiteral wordsOfTypes[] = {
    "OS",     "FileWatch", "FILE", "TRANS",    "DATABASE", "AWS", "SAP",
    "Hadoop", "AFT",       "WEB",  "SERVICES", "OAP",      "R3",  "Informatica"};
constexpr llvm::StringLiteral wordsOfCodes[] = {
    "OK", "NOTOK", "COMPSTAT", "RUNCOUNT", "FAILCOUNT", "NUMRERUN",        "EQ",  "NE",  "GT",
    "LT", "GE",    "LE",       "EVEN",     "ODD",       "JOBNOTSUBMITTED", "ANY", "FAIL"};
constexpr llvm::StringLiteral wordsOfRules[] = {"USE", "PARENT", "NONE"};
/// CTM-101, CTM-103
constexpr llvm::StringLiteral systemVariables[] = {
    "ODATE",    "DATE",    "RDATE", "TIME",   "ODAY",  "OMONTH",  "OYEAR",    "DAY",   "MONTH",
    "YEAR",     "JOBNAME", "RN",    "APPLIC", "GROUP", "ORDERID", "RUNCOUNT", "BLANK", "SUBSTR",
    "CALCDATE", "CALCDTE", "PLUS",  "MINUS",  "WCALC", "PARM1",   "PARM2",    "PARM3", "PARM4"};

/// The parameters of plug-ins that hoist reads (LowerPlugIns.cpp), without their numbers; and their
/// values.
constexpr llvm::StringLiteral parametersOfPlugIns[] = {
    "FileWatch-FILE_PATH",
    "FileWatch-MODE",
    "FileWatch-MIN_DET_SIZE",
    "FileWatch-INT_FILE_SEARCHES",
    "FileWatch-INT_FILESIZE_COMPARISON",
    "FileWatch-NUM_OF_ITERATIONS",
    "FileWatch-TIME_LIMIT",
    "FileWatch-FILESIZE_WILDCARD",
    "FileWatch-START_TIME",
    "FileWatch-STOP_TIME",
    "FileWatch-MIN_AGE",
    "FileWatch-MAX_AGE",
    "FileWatch-CONNTYPE",
    "FileWatch-PATH",
    "DB-ACCOUNT",
    "DB-AUTOCOMMIT",
    "DB-EXEC_TYPE",
    "DB-APPEND_LOG",
    "DB-APPEND_OUTPUT",
    "DB-DB_TYPE",
    "DB-QTXT-N-SUBQTXT",
    "DB-QTXT-N-SUBQLENGTH",
    "FTP-ACCOUNT",
    "FTP-LHOST",
    "FTP-RHOST",
    "FTP-CONNTYPE",
    "FTP-LPATH",
    "FTP-RPATH",
    "FTP-UPLOAD",
};
constexpr llvm::StringLiteral wordsOfPlugIns[] = {"CREATE",     "DELETE",     "NOW",       "LOCAL",
                                                  "NO_MIN_AGE", "NO_MAX_AGE", "Open Query"};

/// Keys of the Automation API that Properties.def does not have.
constexpr llvm::StringLiteral jsonKeys[] = {"Type",
                                            "When",
                                            "Jobs",
                                            "Variables",
                                            "Rerun",
                                            "RerunLimit",
                                            "RunAsDummy",
                                            "AdjustEvents",
                                            "ActiveRetentionPolicy",
                                            "RerunIntervals",
                                            "RerunSpecificTimes",
                                            "Defaults",
                                            "Events",
                                            "Event",
                                            "Date",
                                            "OrderDate",
                                            "Sequence",
                                            "Quantity",
                                            "MutexType",
                                            "LockType",
                                            "CompletionStatus",
                                            "Every",
                                            "Units",
                                            "From",
                                            "Times",
                                            "RuleBasedCalendars",
                                            "Included",
                                            "Excluded",
                                            "Relationship",
                                            "ConfirmationCalendars",
                                            "Calendar",
                                            "ExceptionPolicy",
                                            "ShiftBy",
                                            "SpecificDates",
                                            "Months",
                                            "Folder",
                                            "Job",
                                            "Message",
                                            "Subject",
                                            "Text",
                                            "To",
                                            "Urgency",
                                            "Variable",
                                            "Value",
                                            "Comment"};
/// Parts of a `Type`, and closed words of other keys.
constexpr llvm::StringLiteral jsonWords[] = {"Folder",
                                             "SimpleFolder",
                                             "SubFolder",
                                             "Flow",
                                             "Job",
                                             "Command",
                                             "Script",
                                             "EmbeddedScript",
                                             "Dummy",
                                             "FileTransfer",
                                             "FileWatcher",
                                             "Create",
                                             "Delete",
                                             "Database",
                                             "Calendar",
                                             "RuleBased",
                                             "Regular",
                                             "ConnectionProfile",
                                             "WaitForEvents",
                                             "AddEvents",
                                             "DeleteEvents",
                                             "Event",
                                             "Add",
                                             "Resource",
                                             "Semaphore",
                                             "Pool",
                                             "Mutex",
                                             "Lock",
                                             "If",
                                             "CompletionStatus",
                                             "NumberOfReruns",
                                             "NumberOfFailures",
                                             "NumberOfExecutions",
                                             "Output",
                                             "VariableValue",
                                             "Action",
                                             "SetToOK",
                                             "SetToNotOK",
                                             "Rerun",
                                             "StopCyclicRun",
                                             "Run",
                                             "Set",
                                             "Mail",
                                             "Notify",
                                             "CaptureOutput",
                                             "Exclusive",
                                             "Shared",
                                             "OrderDate",
                                             "PreviousOrderDate",
                                             "NextOrderDate",
                                             "NoDate",
                                             "AnyDate",
                                             "AND",
                                             "OR",
                                             "OK",
                                             "NOTOK",
                                             "EVEN",
                                             "ODD",
                                             "ANY",
                                             "Automatic",
                                             "Manual",
                                             "Minutes",
                                             "Hours",
                                             "Days",
                                             "Start",
                                             "End",
                                             "RunStart",
                                             "RunEnd",
                                             "DoNotOrder",
                                             "OrderOnNextConfirmedDay",
                                             "OrderOnPreviousConfirmedDay",
                                             "OrderAnyway",
                                             "true",
                                             "false",
                                             "null"};

class Marker {
public:
    explicit Marker(llvm::StringRef bytes) : marks(bytes) {}

    Marks run() {
        llvm::StringRef const bytes = marks.text();
        if (isWide(bytes))
            return std::move(marks); // letters apart from each other: prose
        if (isXml(bytes.take_front(1000)))
            for (TagText const& tag : tagsOf(bytes))
                readTag(tag);
        else
            readJson();
        return std::move(marks);
    }

private:
    // --- XML ---

    void readTag(TagText const& tag) {
        if (tag.kind == TagText::Kind::declaration)
            return declaration(tag.whole);
        if (tag.kind == TagText::Kind::comment) {
            if (tag.whole.starts_with("<![CDATA["))
                marks.set(tag.whole.take_front(9), Mark::kept);
            return;
        }
        Element const* const row = findElement(tag.name);
        bool const isKnown = row || !nearestElement(tag.name).empty();
        marks.set(tag.name, isKnown ? Mark::kept : Mark::name);
        for (auto const& [key, value] : tag.attributes) {
            Attribute const* const known = row ? findAttribute(row->id, key) : nullptr;
            bool const isNear = known || (row && !nearestAttribute(row->id, key).empty());
            bool const isOfXml =
                key == "xmlns" || key.starts_with("xmlns:xsi") || key.starts_with("xsi:");
            marks.set(key, isNear || isOfXml ? Mark::kept : Mark::name);
            if (!known && key.starts_with("xmlns:"))
                marks.set(key.take_front(6), Mark::kept);
            marks.set(value, Mark::name);
            if (known)
                valueOf(*known, value);
            references(value);
        }
    }

    /// `<?xml version="1.0" encoding="UTF-8"?>`, `<!DOCTYPE DEFTABLE SYSTEM "deftable.dtd">`
    void declaration(llvm::StringRef text) {
        static constexpr llvm::StringLiteral known[] = {
            "xml", "version", "encoding", "standalone", "yes",     "no",      "utf",
            "iso", "windows", "us",       "ascii",      "doctype", "system",  "public",
            "dtd", "defcal",  "deftable", "entity",     "element", "attlist", "cdata"};
        marks.set(text, Mark::name);
        forEachWord(text, [&](llvm::StringRef word) {
            if (isOneOf(word, known) || (isNumber(word) && word.size() <= 4))
                marks.set(word, Mark::kept);
        });
    }

    /// `&amp;` stays, or the file is no XML any more. A letter that is written as a number stays
    /// where it stands alone: two of them may spell a word.
    void references(llvm::StringRef value) {
        size_t lastEnd = llvm::StringRef::npos;
        for (size_t at = value.find('&'); at != llvm::StringRef::npos;
             at = value.find('&', at + 1)) {
            size_t const end = value.find(';', at);
            if (end == llvm::StringRef::npos)
                return;
            llvm::StringRef const name = value.slice(at + 1, end);
            bool const isOwn =
                name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
            unsigned code = 0;
            bool const isCode =
                name.starts_with("#x")
                    ? !name.drop_front(2).getAsInteger(16, code)
                    : name.starts_with("#") && !name.drop_front().getAsInteger(10, code);
            bool const isSign = isCode && code < 0x80 && !llvm::isAlnum(static_cast<char>(code));
            bool const isAlone = isCode && code >= 0x80 && lastEnd != at;
            if (isCode && !isSign)
                lastEnd = end + 1;
            if (isOwn || isSign || isAlone)
                marks.set(value.slice(at, end + 1), Mark::kept);
        }
    }

    // --- values, in either language ---

    void keepWords(llvm::StringRef value, llvm::function_ref<bool(llvm::StringRef)> isKept) {
        forEachWord(value, [&](llvm::StringRef word) {
            if (isKept(word))
                marks.set(word, Mark::kept);
        });
    }
    void shortNumbers(llvm::StringRef value) {
        keepWords(value, [](llvm::StringRef word) { return isNumber(word) && word.size() <= 4; });
    }

    void valueOf(Attribute const& row, llvm::StringRef value) {
        marks.set(value, Mark::name);
        if (row.kind == ValueKind::text)
            return textOf(row, value);
        if (!checkValue(row, value))
            return marks.set(value, Mark::kept);
        // What is wrong stays wrong: numbers stay, and so does what has a help.
        keepWords(value, isNumber);
        llvm::SmallVector<llvm::StringRef, 8> items;
        value.split(items, ',');
        for (llvm::StringRef item : items) {
            auto const bad = checkValue(row, item.trim());
            if (!bad || !bad->help.empty())
                marks.set(item, Mark::kept);
        }
    }

    void textOf(Attribute const& row, llvm::StringRef value) {
        switch (row.id) {
        case Attr::entities_DESCRIPTION:
        case Attr::message_MESSAGE:
        case Attr::message_SUBJECT:
        case Attr::doRemedy_SUMMARY:
        case Attr::doRemedy_DESCRIPTION:
        case Attr::notebook_INSTRUCTION:
        case Attr::notebook_COMMENT:
        case Attr::notebook_MESSAGE_DRAFT:
        case Attr::notebook_MESSAGE:
        case Attr::calendar_DESCRIPTION:
        case Attr::year_DESCRIPTION: return marks.set(value, Mark::prose);
        case Attr::entities_CMDLINE:
        case Attr::entities_PRECMD:
        case Attr::entities_POSTCMD:
        case Attr::entities_INSTREAM_JCL:
        case Attr::entities_MEMNAME:
        case Attr::entities_MEMLIB:
        case Attr::entities_FILE_NAME:
        case Attr::entities_FILE_PATH:
        case Attr::entities_OVERRIDE_PATH:
        case Attr::setsVariable_NAME:
        case Attr::setsVariable_VALUE:
        case Attr::setsVariable_EXP:
            if (isOneOf(value, wordsOfPlugIns))
                return marks.set(value, Mark::kept);
            marks.set(value, Mark::text);
            return variables(value);
        case Attr::topFolders_PLATFORM:
            return keepWords(value, [](llvm::StringRef w) { return isOneOf(w, wordsOfPlatforms); });
        case Attr::entities_APPL_TYPE:
        case Attr::entities_APPL_FORM:
            return keepWords(value, [](llvm::StringRef w) { return isOneOf(w, wordsOfTypes); });
        case Attr::topFolders_FOLDER_ORDER_METHOD:
            if (value.equals_insensitive("SYSTEM") || value == "Automatic" || value == "Manual")
                marks.set(value, Mark::kept);
            return;
        case Attr::entities_NODEID:
            if (value.equals_insensitive("localhost"))
                marks.set(value, Mark::kept);
            return;
        case Attr::on_CODE:
        case Attr::on_STMT:
            shortNumbers(value);
            return keepWords(value, [](llvm::StringRef w) { return isOneOf(w, wordsOfCodes); });
        case Attr::usesRule_NAME:
            return keepWords(value, [](llvm::StringRef w) { return isOneOf(w, wordsOfRules); });
        case Attr::year_DAYS:
            if (value.find_first_not_of("YNyn") == llvm::StringRef::npos)
                marks.set(value, Mark::kept);
            return;
        case Attr::entities_TIMEZONE: {
            ir::ResolvedZone const zone = ir::resolveZone(value);
            if (!zone.zone.empty() && ir::findZone(zone.zone))
                marks.set(value, Mark::kept);
            return;
        }
        default: return;
        }
    }

    /// The scheduler's own variables stay.
    void variables(llvm::StringRef value) {
        for (size_t at = value.find("%%"); at != llvm::StringRef::npos;
             at = value.find("%%", at + 2)) {
            llvm::StringRef rest = value.substr(at + 2);
            rest.consume_front("$");
            llvm::StringRef const word = rest.take_while(isWordByte);
            if (isOneOf(word, systemVariables))
                marks.set(word, Mark::kept);
            llvm::StringRef const whole =
                rest.take_while([](char c) { return isWordByte(c) || c == '-' || c == '_'; });
            std::string plain = whole.str();
            llvm::erase_if(plain, [](char c) { return llvm::isDigit(c); });
            if (isOneOf(plain, parametersOfPlugIns))
                marks.set(whole, Mark::kept);
        }
    }

    // --- JSON ---

    static Attribute const* attributeFor(llvm::StringRef key) {
        for (Property const& row : properties)
            if (row.key == key)
                return &attributeOf(row.attribute);
        return nullptr;
    }
    static bool isNearKey(llvm::StringRef key) {
        static Suggestions const* const names = [] {
            auto* const all = new Suggestions;
            for (llvm::StringRef one : jsonKeys)
                all->add(one);
            for (Property const& row : properties)
                all->add(row.key);
            return all;
        }();
        return !names->nearest(key).empty();
    }

    void readJson() {
        using Kind = JsonPiece::Kind;
        std::vector<JsonPiece> const pieces = jsonPieces(marks.text());
        std::vector<llvm::StringRef> around; // the key of each open list; empty for objects
        llvm::StringRef key;
        auto const kindAt = [&](size_t i) {
            return i < pieces.size() ? pieces[i].kind : Kind::comment;
        };
        for (size_t i = 0; i < pieces.size(); ++i) {
            JsonPiece const& piece = pieces[i];
            switch (piece.kind) {
            case Kind::open: around.push_back(piece.text == "[" ? key : llvm::StringRef()); break;
            case Kind::close:
                if (!around.empty())
                    around.pop_back();
                break;
            case Kind::comma: key = around.empty() ? llvm::StringRef() : around.back(); break;
            case Kind::string:
                if (kindAt(i + 1) == Kind::colon) {
                    key = piece.text;
                    keyOf(key, kindAt(i + 2) == Kind::open && pieces[i + 2].text == "{");
                } else {
                    jsonValue(key, piece.text);
                }
                break;
            case Kind::word: jsonValue(key, piece.text); break;
            case Kind::colon:
            case Kind::comment: break;
            }
        }
    }

    void keyOf(llvm::StringRef key, bool holdsObject) {
        marks.set(key, Mark::name);
        bool const isKnown =
            llvm::is_contained(jsonKeys, key) || attributeFor(key) || key == "//Comment";
        if (isKnown || (!holdsObject && isNearKey(key)))
            marks.set(key, Mark::kept);
        escapes(key);
    }

    void jsonValue(llvm::StringRef key, llvm::StringRef value) {
        marks.set(value, Mark::name);
        Attribute const* const row = attributeFor(key);
        if (value == "true" || value == "false" || value == "null")
            marks.set(value, Mark::kept);
        else if (key == "Comment" || key == "//Comment" || key == "Message" || key == "Subject" ||
                 key == "Text")
            marks.set(value, Mark::prose);
        else if (row)
            valueOf(*row, value);
        else if (key == "Event" || key == "Variable" || key == "Job" || key == "Sequence")
            ; // names
        else if (llvm::is_contained(jsonKeys, key))
            keepWords(value, [](llvm::StringRef word) {
                return isNumber(word) || llvm::is_contained(jsonWords, word);
            });
        else
            marks.set(value, Mark::text);
        if (key == "DaysRelation")
            keepWords(value, [](llvm::StringRef w) { return w == "AND" || w == "OR"; });
        escapes(value);
    }

    /// `\n`: the letter stays; `\u0041` may spell a name, so its digits are of the name.
    void escapes(llvm::StringRef text) {
        for (size_t at = text.find('\\'); at != llvm::StringRef::npos && at + 1 < text.size();
             at = text.find('\\', at + 2))
            marks.set(text.substr(at + 1, 1), Mark::kept);
    }

    Marks marks;
};

} // namespace

Marks marks(FileId file, SourceMap const& sources) { return Marker(sources.bytes(file)).run(); }

std::vector<llvm::StringRef> keywords() {
    std::vector<llvm::StringRef> words{
#define CTM_ELEMENT(id, keyword, parents) #keyword,
#define CTM_SPELLING(keyword, id) #keyword,
#include "frontend/controlm/Elements.def"
#undef CTM_ELEMENT
#undef CTM_SPELLING
#define CTM_ATTRIBUTE(elements, keyword, kind, fate, detail) #keyword,
#define CTM_ATTRIBUTE_SPELLING(keyword, today) #keyword,
#include "frontend/controlm/Attributes.def"
#undef CTM_ATTRIBUTE
#undef CTM_ATTRIBUTE_SPELLING
    };
    words.insert(words.end(), std::begin(jsonKeys), std::end(jsonKeys));
    words.insert(words.end(), std::begin(jsonWords), std::end(jsonWords));
    for (Property const& row : properties)
        words.push_back(row.key);
    return words;
}

} // namespace hoist::controlm
