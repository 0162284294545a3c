// Counts the constructs of the coverage ledger.
#include "backend/report/Coverage.h"

#include "backend/report/Utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace hoist::report {
namespace {

void count(CoverageRow& row, diag::Fidelity fate) {
    ++row.count;
    switch (fate) {
    case diag::Fidelity::none: ++row.unaccounted; break;
    case diag::Fidelity::exact: ++row.exact; break;
    case diag::Fidelity::approximated: ++row.approximated; break;
    case diag::Fidelity::dropped: ++row.dropped; break;
    case diag::Fidelity::refused: ++row.refused; break;
    }
}

double percent(size_t part, size_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

} // namespace

Coverage coverageOf(ir::Estate const& estate) {
    Coverage coverage;
    std::map<std::string, CoverageRow> rows;
    for (ir::ConstructId id : estate.constructs.ids()) {
        ir::Construct const& construct = estate.constructs[id];
        count(rows[estate.constructs.text(construct.kind).str()], construct.fate);
        count(coverage.total, construct.fate);
    }
    for (auto& [kind, row] : rows) {
        row.kind = kind;
        coverage.rows.push_back(row);
    }
    coverage.total.kind = "total";
    return coverage;
}

std::string coverageText(Coverage const& coverage) {
    size_t width = 9;
    for (CoverageRow const& row : coverage.rows)
        width = std::max(width, printable(row.kind).size());
    std::string text =
        fmt::format("{:<{}}  {:>8}  {:>8}  {:>12}  {:>8}  {:>8}  {:>11}\n", "construct", width,
                    "count", "exact", "approximated", "dropped", "refused", "unaccounted");
    auto const add = [&](CoverageRow const& row) {
        text += fmt::format("{:<{}}  {:>8}  {:>8}  {:>12}  {:>8}  {:>8}  {:>11}\n",
                            printable(row.kind), width, row.count, row.exact, row.approximated,
                            row.dropped, row.refused, row.unaccounted);
    };
    for (CoverageRow const& row : coverage.rows)
        add(row);
    CoverageRow const& total = coverage.total;
    add(total);
    auto const share = [&](size_t part) {
        return fmt::format("{:.1f} %", percent(part, total.count));
    };
    text += fmt::format("{:<{}}  {:>8}  {:>8}  {:>12}  {:>8}  {:>8}  {:>11}\n", "share", width, "",
                        share(total.exact), share(total.approximated), share(total.dropped),
                        share(total.refused), share(total.unaccounted));
    return text;
}

std::string coverageJson(Coverage const& coverage) {
    using Json = nlohmann::ordered_json;
    auto const object = [](CoverageRow const& row) {
        return Json{
            {"kind", toUtf8(row.kind)},         {"count", row.count},     {"exact", row.exact},
            {"approximated", row.approximated}, {"dropped", row.dropped}, {"refused", row.refused},
            {"unaccounted", row.unaccounted}};
    };
    Json rows = Json::array();
    for (CoverageRow const& row : coverage.rows)
        rows.push_back(object(row));
    Json const document{{"format", "hoist-coverage"},
                        {"version", 1},
                        {"kinds", std::move(rows)},
                        {"total", object(coverage.total)}};
    return document.dump(2) + "\n";
}

} // namespace hoist::report
