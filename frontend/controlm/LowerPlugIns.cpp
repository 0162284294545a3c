// Jobs of plug-ins that hoist knows: file watchers, queries and transfers (CTM-120…126). Their
// parameters are properties in JSON and variables with a prefix in XML; what is not understood
// stays with the job, by name.
#include "frontend/controlm/Lower.h"

#include "frontend/controlm/Values.h"

#include <llvm/ADT/StringExtras.h>

#include <fmt/format.h>

#include <algorithm>

namespace hoist::controlm {

using namespace ir;

namespace {

/// The parameters of a job; those that an action says are noted.
class Parameters {
public:
    explicit Parameters(std::vector<KeptAttribute> const& all) : kept(all) {}

    /// Null where it is not there, or there twice: nobody says which one counts.
    KeptAttribute const* find(llvm::StringRef inXml, llvm::StringRef inJson) const {
        KeptAttribute const* found = nullptr;
        for (KeptAttribute const& one : kept) {
            if (!isNamed(one, inXml, inJson))
                continue;
            if (found)
                return nullptr;
            found = &one;
        }
        return found;
    }

    /// `read` says whether it understands the value.
    template <class Read>
    void take(llvm::StringRef inXml, llvm::StringRef inJson, Read read) {
        KeptAttribute const* const found = find(inXml, inJson);
        if (found && read(*found))
            understood.push_back(found->construct);
    }
    void text(llvm::StringRef inXml, llvm::StringRef inJson, Sourced<llvm::StringRef>& into) {
        take(inXml, inJson, [&](KeptAttribute const& one) {
            into.set(one.value, one.construct);
            return !one.value.empty();
        });
    }
    void number(llvm::StringRef inXml, llvm::StringRef inJson, int64_t least,
                Sourced<int64_t>& into) {
        take(inXml, inJson, [&](KeptAttribute const& one) {
            auto const value = readNumber(one.value.trim());
            if (!value || *value < least)
                return false;
            into.set(*value, one.construct);
            return true;
        });
    }
    void flag(llvm::StringRef inXml, llvm::StringRef inJson, Sourced<bool>& into) {
        take(inXml, inJson, [&](KeptAttribute const& one) {
            auto const value = readFlag(one.value.trim());
            if (value)
                into.set(*value, one.construct);
            return value.has_value();
        });
    }
    /// It says one of the words, or nothing: what holds without it.
    void unless(llvm::StringRef inXml, llvm::StringRef inJson,
                std::initializer_list<llvm::StringRef> words) {
        take(inXml, inJson, [&](KeptAttribute const& one) {
            llvm::StringRef const value = one.value.trim();
            return value.empty() ||
                   std::any_of(words.begin(), words.end(), [&](llvm::StringRef word) {
                       return value.equals_insensitive(word);
                   });
        });
    }

    std::vector<ConstructId> understood;

private:
    static bool isNamed(KeptAttribute const& one, llvm::StringRef inXml, llvm::StringRef inJson) {
        llvm::StringRef key = one.key;
        key.consume_front("%%");
        return (!inXml.empty() && key.equals_insensitive(inXml)) ||
               (!inJson.empty() && one.key == inJson);
    }

    std::vector<KeptAttribute> const& kept;
};

/// `10B`, `2 K`, `3 MB`: in bytes. A kilobyte has 1,024 of them (CTM-121).
std::optional<int64_t> readSize(llvm::StringRef text) {
    text = text.trim();
    llvm::StringRef const digits = text.take_while(llvm::isDigit);
    llvm::StringRef const unit = text.drop_front(digits.size()).trim();
    int64_t bytes = 0;
    if (digits.getAsInteger(10, bytes) || bytes > int64_t{1} << 40)
        return std::nullopt;
    static constexpr llvm::StringLiteral units[] = {"B", "K", "M", "G"};
    static constexpr llvm::StringLiteral longUnits[] = {"", "KB", "MB", "GB"};
    for (size_t i = 0; i < std::size(units); ++i)
        if (unit.equals_insensitive(units[i]) || unit.equals_insensitive(longUnits[i]))
            return bytes << (10 * i);
    return std::nullopt;
}

FileWatchAction watcher(llvm::StringRef type, Parameters parameters) {
    FileWatchAction action;
    parameters.text("FileWatch-FILE_PATH", "Path", action.path);
    parameters.take("FileWatch-MODE", "", [&](KeptAttribute const& one) {
        bool const deletes = one.value.trim().equals_insensitive("DELETE");
        action.waitsForDeletion.set(deletes, one.construct);
        return deletes || one.value.trim().equals_insensitive("CREATE");
    });
    if (type.equals_insensitive("FileWatcher:Delete"))
        action.waitsForDeletion.value = true;
    parameters.take("FileWatch-MIN_DET_SIZE", "MinimumSize", [&](KeptAttribute const& one) {
        auto const size = readSize(one.value);
        if (size)
            action.minSize.set(*size, one.construct);
        return size.has_value();
    });
    parameters.number("FileWatch-INT_FILE_SEARCHES", "SearchInterval", 1, action.interval);
    parameters.number("FileWatch-INT_FILESIZE_COMPARISON", "FileSizeInterval", 1,
                      action.sizeInterval);
    parameters.number("FileWatch-NUM_OF_ITERATIONS", "Iterations", 1, action.sizeLooks);
    parameters.number("FileWatch-TIME_LIMIT", "TimeLimit", 0, action.timeLimit);
    parameters.flag("FileWatch-FILESIZE_WILDCARD", "Wildcard", action.weighsPatterns);
    parameters.unless("FileWatch-START_TIME", "StartTime", {"NOW"});
    parameters.unless("FileWatch-STOP_TIME", "StopTime", {"0", "+0000"});
    parameters.unless("FileWatch-MIN_AGE", "MinimalAge", {"NO_MIN_AGE"});
    parameters.unless("FileWatch-MAX_AGE", "MaximalAge", {"NO_MAX_AGE"});
    parameters.unless("FileWatch-CONNTYPE", "", {"LOCAL"});
    // What the window of a job shows where other kinds of job have a script.
    parameters.unless("FileWatch-PATH", "", {"Not in use for File Watcher jobs"});
    action.understood = std::move(parameters.understood);
    return action;
}

/// The statement stands in pieces, each with its length.
void readPieces(Parameters& parameters, Estate& estate, QueryAction& action) {
    std::string whole;
    std::vector<KeptAttribute> pieces;
    for (unsigned number = 1;; ++number) {
        std::string const piece = fmt::format("DB-QTXT-N{:03}-SUBQTXT", number);
        KeptAttribute const* const text = parameters.find(piece, "");
        KeptAttribute const* const length =
            parameters.find(fmt::format("DB-QTXT-N{:03}-SUBQLENGTH", number), "");
        if (!text)
            break;
        int64_t letters = 0; // of UTF-8
        for (char const c : text->value)
            letters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        if (length && readNumber(length->value.trim()) != letters)
            return;
        whole += text->value.str();
        pieces.push_back(*text);
        if (length)
            pieces.push_back(*length);
    }
    for (KeptAttribute const& piece : pieces) {
        llvm::StringRef key = piece.key;
        key.consume_front("%%");
        parameters.take(key, "", [&](KeptAttribute const& one) {
            if (!action.query)
                action.query.set(estate.save(whole), one.construct);
            return true;
        });
    }
}

QueryAction query(llvm::StringRef type, ConstructId from, Parameters parameters, Estate& estate) {
    QueryAction action;
    action.kind = type;
    action.from = from;
    parameters.text("DB-ACCOUNT", "ConnectionProfile", action.connection);
    parameters.text("", "Query", action.query);
    if (!action.query)
        readPieces(parameters, estate, action);
    parameters.flag("DB-AUTOCOMMIT", "Autocommit", action.commitsEach);
    parameters.unless("DB-EXEC_TYPE", "", {"Open Query"});
    // What its listing shows; nothing else reads it.
    parameters.unless("DB-APPEND_LOG", "OutputExecutionLog", {"Y", "N"});
    parameters.unless("DB-APPEND_OUTPUT", "OutputSQLOutput", {"N"});
    // Which driver leads to the database is the connection's.
    parameters.take("DB-DB_TYPE", "", [](KeptAttribute const&) { return true; });
    action.understood = std::move(parameters.understood);
    return action;
}

TransferAction transfer(llvm::StringRef type, ConstructId from, Parameters const& parameters) {
    TransferAction action;
    action.kind = type;
    action.from = from;
    auto const read = [&](Sourced<llvm::StringRef>& into, std::string const& inXml,
                          std::string const& inJson = {}) {
        if (KeptAttribute const* const found = parameters.find(inXml, inJson);
            found && !found->value.empty())
            into.set(found->value, found->construct);
    };
    read(action.left.connection, "FTP-ACCOUNT", "ConnectionProfileSrc");
    read(action.right.connection, "FTP-ACCOUNT", "ConnectionProfileDest");
    for (auto const& [end, side, number] :
         {std::tuple(&action.left, 'L', 1), std::tuple(&action.right, 'R', 2)}) {
        read(end->host, fmt::format("FTP-{}HOST", side));
        read(end->type, fmt::format("FTP-CONNTYPE{}", number));
    }
    for (unsigned number = 1;; ++number) {
        TransferAction::File file;
        std::string const inJson = fmt::format("FileTransfers[{}].", number);
        read(file.left, fmt::format("FTP-LPATH{}", number), inJson + "Src");
        read(file.right, fmt::format("FTP-RPATH{}", number), inJson + "Dest");
        if (!file.left && !file.right)
            break;
        KeptAttribute const* const direction =
            parameters.find(fmt::format("FTP-UPLOAD{}", number), inJson + "TransferOption");
        llvm::StringRef const word = direction ? direction->value.trim() : llvm::StringRef();
        file.isUpload = word != "0" && !word.equals_insensitive("DestToSrc");
        file.isKnown = word.empty() || word == "0" || word == "1" ||
                       word.equals_insensitive("DestToSrc") || word.equals_insensitive("SrcToDest");
        action.files.push_back(file);
    }
    return action;
}

} // namespace

bool Lowering::plugIn(Node const& node, llvm::StringRef type, Job& job) {
    bool const isWatcher =
        type.equals_insensitive("FileWatch") || type.starts_with_insensitive("FileWatcher:");
    bool const isTransfer =
        type.equals_insensitive("FILE_TRANS") || type.equals_insensitive("FileTransfer");
    bool const isXmlQuery = type.equals_insensitive("DATABASE");
    bool const isQuery = isXmlQuery || type.equals_insensitive("Database:EmbeddedQuery");
    llvm::StringRef const prefix = isWatcher ? "FileWatch-" : isQuery ? "DB-" : "FTP-";
    if (!isWatcher && !isTransfer && !isQuery)
        return false;
    std::vector<KeptAttribute> parameters = job.kept;
    std::vector<ConstructId> constructs;
    for (Node const& child : node.children) {
        if (!child.is(E::variable))
            continue;
        OrderVariable const made = readVariable(child);
        llvm::StringRef name = made.name;
        name.consume_front("%%");
        if (!name.starts_with_insensitive(prefix))
            continue;
        parameters.push_back({made.name, made.value, made.construct});
        constructs.push_back(made.construct);
    }
    if (isXmlQuery) { // or a stored procedure, or a script
        KeptAttribute const* const what = Parameters(parameters).find("DB-EXEC_TYPE", "");
        if (!what || !what->value.trim().equals_insensitive("Open Query"))
            return false;
    }
    job.kept = std::move(parameters);
    job.parameters = std::move(constructs);
    if (isWatcher)
        job.action = watcher(type, Parameters(job.kept));
    else if (isQuery)
        job.action = query(type, node.construct, Parameters(job.kept), estate);
    else
        job.action = transfer(type, node.construct, Parameters(job.kept));
    return true;
}

} // namespace hoist::controlm
