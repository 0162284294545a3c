// A crontab as `hoist redact` and `hoist reduce` take it apart, line by line.
#include "frontend/cron/Cron.h"
#include "frontend/cron/Fields.h"
#include "frontend/cron/Line.h"
#include "frontend/ir/TimeZones.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace hoist::cron {
namespace {

bool isNumber(llvm::StringRef text) { return !text.empty() && llvm::all_of(text, llvm::isDigit); }

/// Names of months and days, and the letters of other crons' fields.
bool isFieldWord(llvm::StringRef word) {
    static constexpr llvm::StringLiteral names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                                    "aug", "sep", "oct", "nov", "dec", "sun", "mon",
                                                    "tue", "wed", "thu", "fri", "sat"};
    return isNumber(word) || word.size() == 1 ||
           llvm::any_of(names, [&](llvm::StringRef name) { return word.equals_insensitive(name); });
}

/// Settings that cron itself reads.
constexpr llvm::StringLiteral own[] = {"SHELL",   "PATH", "HOME",    "MAILTO", "MAILFROM",
                                       "CRON_TZ", "TZ",   "LOGNAME", "USER",   "RANDOM_DELAY"};

class LineMarker {
public:
    LineMarker(llvm::StringRef bytes, bool withUsers) : hasUserColumn(withUsers), marks(bytes) {}

    Marks run() {
        llvm::StringRef rest = marks.text();
        rest.consume_front("\xEF\xBB\xBF");
        while (!rest.empty()) {
            auto const [line, tail] = rest.split('\n');
            readLine(line.rtrim('\r'));
            rest = tail;
        }
        return std::move(marks);
    }

private:
    void readLine(llvm::StringRef line) {
        if (isBlankOrComment(line))
            return heading(line);
        if (auto const setting = parseSetting(line))
            return readSetting(setting->name.in(line), setting->value.in(line), line);
        marks.set(line, Mark::text);
        size_t at = 0;
        if (line.ltrim(" \t").starts_with("@")) {
            llvm::StringRef const name = nextColumn(line, at).in(line);
            marks.set(name, Mark::name);
            if (llvm::is_contained(timeNames, name.drop_front().lower()))
                marks.set(name, Mark::kept);
        } else {
            for (int i = 0; i < 5; ++i)
                field(nextColumn(line, at).in(line));
        }
        if (hasUserColumn)
            user(nextColumn(line, at).in(line));
    }

    /// `# m h dom mon dow user command` tells a system crontab.
    void heading(llvm::StringRef line) {
        for (size_t at = 0; at < line.size();) {
            llvm::StringRef const word = nextColumn(line, at).in(line).ltrim('#');
            for (llvm::StringRef known :
                 {"m", "h", "dom", "mon", "dow", "user", "who", "user-name", "command"})
                if (word == known)
                    marks.set(word, Mark::kept);
        }
    }

    void readSetting(llvm::StringRef name, llvm::StringRef value, llvm::StringRef line) {
        marks.set(line, Mark::text);
        marks.set(name, Mark::name);
        if (llvm::is_contained(own, name))
            marks.set(name, Mark::kept);
        if (name == "RANDOM_DELAY" && isNumber(value))
            marks.set(value, Mark::kept);
        if (name == "CRON_TZ" || name == "TZ")
            if (ir::ResolvedZone const zone = ir::resolveZone(value);
                !zone.zone.empty() && ir::findZone(zone.zone))
                marks.set(value, Mark::kept);
    }

    void field(llvm::StringRef text) {
        marks.set(text, Mark::name);
        forEachWord(text, [&](llvm::StringRef word) {
            if (isFieldWord(word))
                marks.set(word, Mark::kept);
        });
    }

    void user(llvm::StringRef name) {
        marks.set(name,
                  isWellKnownUser(name) || isWellKnownCommand(name) ? Mark::kept : Mark::name);
    }

    bool hasUserColumn;
    Marks marks;
};

/// Every line is a statement.
Parts linesOf(llvm::StringRef bytes) {
    Parts lines;
    for (size_t at = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < bytes.size();) {
        size_t const end = std::min(bytes.find('\n', at), bytes.size() - 1) + 1;
        Part line;
        line.ranges.push_back({at, end});
        lines.push_back(std::move(line));
        at = end;
    }
    return lines;
}

} // namespace

Marks user::marks(FileId file, SourceMap const& sources) {
    return LineMarker(sources.bytes(file), false).run();
}
Marks system::marks(FileId file, SourceMap const& sources) {
    return LineMarker(sources.bytes(file), true).run();
}
Parts user::parts(FileId file, SourceMap const& sources) { return linesOf(sources.bytes(file)); }
Parts system::parts(FileId file, SourceMap const& sources) { return linesOf(sources.bytes(file)); }
std::vector<llvm::StringRef> user::keywords() { return {std::begin(own), std::end(own)}; }
std::vector<llvm::StringRef> system::keywords() { return user::keywords(); }

} // namespace hoist::cron
