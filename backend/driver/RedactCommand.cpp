// Files are renamed as well, and numbered in the order in which they are read: a later statement
// may change what an earlier one said. What the name of a file tells a dialect is kept: that it is
// JIL, a user's crontab (and whose), or a system crontab.
#include "backend/driver/RedactCommand.h"

#include "analysis/Analysis.h"
#include "backend/airflow/Build.h"
#include "backend/driver/OutputFolder.h"
#include "backend/driver/Redaction.h"
#include "backend/report/Utf8.h"
#include "frontend/base/Counted.h"
#include "frontend/base/Paths.h"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <tuple>

namespace hoist {
namespace {

/// The user whose crontab it is, by its folder.
llvm::StringRef spoolUser(llvm::StringRef path) {
    for (llvm::StringRef folder : {"var/spool/cron/crontabs/", "var/spool/cron/", "var/cron/tabs/"})
        if (size_t const at = path.rfind(folder); at != llvm::StringRef::npos)
            return path.substr(at + folder.size());
    return {};
}

/// A name by which the redacted `text` is read as what it was.
std::string newPath(llvm::StringRef path, llvm::StringRef text, Frontend const& frontend,
                    size_t number, size_t width, Redaction& redaction) {
    std::string const digits = fmt::format("{:0{}}", number + 1, width);
    if (frontend.name == "jil")
        return digits + ".jil";
    if (frontend.name == "controlm") // a comment may stand in front of its JSON
        return digits +
               (llvm::StringRef("{/").contains(text.ltrim().take_front(1)) ? ".json" : ".xml");
    if (frontend.name == "cron-system")
        return digits + "/cron.d/" + digits;
    // A name that begins with a digit is nobody's: then the crontab has no owner, as before.
    llvm::StringRef const user = spoolUser(path);
    return fmt::format("{0}/var/cron/tabs/{1}", digits,
                       user.empty() ? digits : redaction.nameOf(user));
}

using Place = std::tuple<size_t, uint32_t, std::string>; ///< file, line, code

std::vector<Place> placesOf(ir::Estate& estate, std::vector<Input> const& inputs,
                            diag::Diagnostics& diags, int64_t now) {
    readDefinitions(inputs, estate, diags);
    analysis::run(estate, diags, now);
    airflow::lowerOnly(estate, diags);
    std::map<FileId, size_t> numbers;
    for (size_t i = 0; i < inputs.size(); ++i)
        numbers[inputs[i].file] = i;
    std::vector<Place> places;
    for (diag::Diagnostic const& finding : diags.all()) {
        size_t file = inputs.size();
        uint32_t line = 0;
        if (finding.span.isValid()) {
            file = numbers[estate.sources.fileOf(finding.span)];
            line = estate.sources.start(finding.span).line;
        }
        places.emplace_back(file, line, std::string(diag::info(finding.code).id));
    }
    std::sort(places.begin(), places.end());
    return places;
}

/// What one list has and the other lacks.
std::vector<Place> missing(std::vector<Place> const& from, std::vector<Place> const& in) {
    std::vector<Place> rest;
    std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(rest));
    return rest;
}

void reportDifference(std::vector<Place> const& places, ir::Estate const& estate,
                      std::vector<Input> const& inputs, char const* what,
                      diag::Diagnostics& diags) {
    if (places.empty())
        return;
    auto const& [file, line, code] = places.front();
    std::string text = code;
    if (file < inputs.size())
        text += fmt::format(" at `{}:{}`", estate.sources.path(inputs[file].file).str(), line);
    if (places.size() > 1)
        text += fmt::format(", and {} more,", places.size() - 1);
    diags.report<diag::Code::RedactionShowsOther>({}, text + " " + what).evidence(code);
}

std::string mapJson(Redaction const& redaction, ir::Estate const& before, ir::Estate const& after,
                    std::vector<std::pair<std::string, std::string>> const& paths) {
    using Json = nlohmann::json; // sorted: the ordered one searches all keys for each new one
    Json words = Json::object(), jobs = Json::object(), names = Json::object();
    for (auto const& [word, other] : redaction.words())
        words[report::toUtf8(word)] = report::toUtf8(other);
    if (before.jobs.size() == after.jobs.size())
        for (ir::JobId job : before.jobs.ids())
            jobs[report::toUtf8(before.jobs[job].name)] = report::toUtf8(after.jobs[job].name);
    for (auto const& [path, other] : paths)
        names[report::toUtf8(path)] = report::toUtf8(other);
    Json const object{{"format", 1}, {"jobs", jobs}, {"words", words}, {"files", names}};
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

Exit redactFiles(Invocation const& invocation, FileSystem& files, Console& console,
                 diag::Diagnostics& diags) {
    if (!takesOutput(invocation, files, console, diags))
        return Exit::usage;
    std::string const here = console.currentFolder();
    if (!invocation.map.empty() &&
        llvm::StringRef(absolutePath(invocation.map, here))
            .starts_with(absolutePath(invocation.outputFolder, here) + "/")) {
        diags
            .report<diag::Code::BadUsage>({}, fmt::format("`--map {}` would lie in `{}`",
                                                          invocation.map, invocation.outputFolder))
            .help("the map gives every name away: keep it elsewhere");
        return Exit::usage;
    }
    ir::Estate before, after;
    std::vector<Input> const inputs = readInputs(
        {invocation.operands, invocation.dialect, invocation.threads()}, files, before, diags);
    Redaction redaction;
    for (Input const& input : inputs) {
        redaction.learn(before.sources.bytes(input.file));
        redaction.learn(before.sources.path(input.file));
    }
    size_t const width = std::max<size_t>(4, std::to_string(inputs.size()).size());
    std::vector<Input> redacted;
    std::vector<std::pair<std::string, std::string>> output, names;
    for (size_t i = 0; i < inputs.size(); ++i) {
        llvm::StringRef const path = before.sources.path(inputs[i].file);
        std::string text =
            redaction.write(inputs[i].frontend->marks(inputs[i].file, before.sources));
        PlaceInEstate const place = placeOf(path, invocation.operands);
        std::string name = newPath(path, text, *inputs[i].frontend, i, width, redaction);
        if (invocation.operands.size() > 1) // versions to compare, for example
            name = fmt::format("{}/{}", place.operand + 1, name);
        names.emplace_back(path.str(), name);
        output.emplace_back(name, text);
        auto const file = after.sources.add(invocation.outputFolder + "/" + name, std::move(text));
        if (!file) {
            diags.report<diag::Code::InputTooLarge>({}, path).object(path);
            return Exit::findings;
        }
        redacted.push_back({*file, inputs[i].frontend});
    }
    // One clock for both: some findings count from today.
    int64_t const now = std::time(nullptr);
    diag::Diagnostics ofBefore, ofAfter;
    std::vector<Place> const were = placesOf(before, inputs, ofBefore, now);
    std::vector<Place> const are = placesOf(after, redacted, ofAfter, now);
    reportDifference(missing(were, are), before, inputs, "is not shown any more", diags);
    reportDifference(missing(are, were), before, inputs, "is new", diags);

    std::string error;
    if (!writeBelow(invocation.outputFolder, output, files, diags))
        return Exit::notWritten;
    if (!invocation.map.empty() &&
        !files.write(invocation.map, mapJson(redaction, before, after, names), error)) {
        diags.report<diag::Code::OutputNotWritten>({}, invocation.map, error);
        return Exit::notWritten;
    }
    console.err(fmt::format("hoist: {} in `{}`, {} replaced; {} findings shown as before\n",
                            counted(output.size(), "file"), invocation.outputFolder,
                            counted(redaction.words().size(), "word"),
                            were.size() - missing(were, are).size()));
    return Exit::clean;
}

} // namespace hoist
