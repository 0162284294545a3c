// Findings as text, in the look of design.md: header, place, source with carets, labels, notes,
// helps.
#include "backend/report/Parts.h"
#include "backend/report/Snippet.h"
#include "backend/report/Utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::report {
namespace {

using diag::Diagnostic;

class TextWriter {
public:
    TextWriter(SourceMap const& map, bool color) : sources(map) { style.color = color; }

    void write(Diagnostic const& finding) {
        style.primary = Style::colorOf(finding.severity);
        auto const heading = fmt::format("{}[{}]", diag::shown(diag::toString(finding.severity)),
                                         diag::info(finding.code).id);
        out += style.paint(style.primary, heading) + style.bold(": " + printable(finding.message)) +
               "\n";
        writePlaces(finding);
        for (std::string const& note : finding.notes)
            writeTrailer("note", note);
        for (diag::Step const& step : finding.story)
            writeTrailer("note", step.text);
        for (std::string const& help : finding.helps)
            writeTrailer("help", help);
        for (diag::Fix const& fix : finding.fixes)
            writeTrailer("fix", fmt::format("{}: write `{}`", fix.title, fix.replacement));
        out += "\n";
    }

    std::string out;

private:
    void writePlaces(Diagnostic const& finding) {
        gutter = 1;
        if (!finding.span.isValid())
            return writeUnplacedLabels(finding);
        std::vector<Mark> marks;
        marks.push_back({finding.span, finding.primaryText, true});
        for (diag::Label const& label : finding.labels)
            marks.push_back({label.span, label.text, false});
        uint32_t last = 1;
        for (Mark const& mark : marks)
            last = std::max(last, sources.start(mark.span).line);
        gutter = static_cast<unsigned>(fmt::formatted_size("{}", last));
        for (size_t i = 0; i < marks.size(); ++i) {
            if (marks[i].text == taken)
                continue;
            // Everything on the same line of the same file is shown together.
            std::vector<Mark> together{marks[i]};
            FileId const file = sources.fileOf(marks[i].span);
            uint32_t const line = sources.start(marks[i].span).line;
            for (size_t k = i + 1; k < marks.size(); ++k)
                if (marks[k].text != taken && sources.fileOf(marks[k].span) == file &&
                    sources.start(marks[k].span).line == line) {
                    together.push_back(marks[k]);
                    marks[k].text = taken;
                }
            writePlace(together, i == 0);
        }
    }

    /// Labels of a finding that has no place of its own.
    void writeUnplacedLabels(Diagnostic const& finding) {
        for (diag::Label const& label : finding.labels)
            gutter = std::max(gutter, static_cast<unsigned>(fmt::formatted_size(
                                          "{}", sources.start(label.span).line)));
        for (diag::Label const& label : finding.labels)
            writePlace({{label.span, label.text, false}}, &label == finding.labels.begin());
    }

    void writePlace(std::vector<Mark> const& marks, bool isFirst) {
        FileId const file = sources.fileOf(marks.front().span);
        LineColumn const at = sources.start(marks.front().span);
        std::string const margin = std::string(gutter, ' ');
        if (!isFirst)
            out += style.gutter(margin + " |") + "\n";
        out += style.gutter(margin + (isFirst ? "--> " : "::: "));
        out += fmt::format("{}:{}:{}\n", printable(sources.path(file)), at.line, at.column);
        out += style.gutter(margin + " |") + "\n";
        appendSnippet(out, sources, marks, gutter, style);
    }

    void writeTrailer(llvm::StringRef kind, llvm::StringRef text) {
        out += style.gutter(std::string(gutter, ' ') + " = ") + style.bold(kind.str() + ":") + " " +
               printable(text) + "\n";
    }

    static inline std::string const taken{"\0taken", 6};
    SourceMap const& sources;
    Style style;
    unsigned gutter = 1;
};

} // namespace

std::string text(Findings const& input, TextOptions const& options) {
    TextWriter writer(input.sources, options.color);
    size_t shown = 0;
    for (Diagnostic const& finding : input.findings)
        if (options.maxFindings == 0 || shown < options.maxFindings) {
            writer.write(finding);
            ++shown;
        }
    std::string summary = summaryOf(input);
    if (shown < input.findings.size())
        summary += fmt::format("; the first {} are shown", shown);
    return writer.out + "hoist: " + summary + "\n";
}

} // namespace hoist::report
