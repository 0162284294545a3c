// Reads JIL text into an estate, for tests.
#pragma once

#include "frontend/jil/Jil.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hoist::jil {

struct Read {
    ir::Estate estate;
    diag::Diagnostics diags;
    FileId file;

    explicit Read(std::string text) {
        file = *estate.sources.add("a.jil", std::move(text));
        jil::read(file, estate, diags);
        diags.sort();
    }

    /// "P1001@text;…" in order.
    std::string codes() const {
        std::string out;
        for (auto const& d : diags.all())
            out +=
                std::string(diag::info(d.code).id) + "@" + estate.sources.text(d.span).str() + ";";
        return out;
    }

    /// Counted from the bytes alone: every word outside comments lies inside some construct.
    /// Comments are found anew, without the scanner's help, so that a value that it lost would be
    /// seen here. Where a finding says that
    /// `/*` was taken as text, the two tokenisations may differ, and such a file proves nothing.
    bool everyTokenIsInAConstruct() const {
        llvm::StringRef const text = estate.sources.bytes(file);
        for (auto const& d : diags.all())
            if (d.code == diag::Code::CommentInText || d.code == diag::Code::CommentNeverClosed ||
                d.code == diag::Code::UnclosedComment)
                return true;
        std::vector<Span> spans;
        for (ir::ConstructId const id : estate.constructs.ids())
            spans.push_back(estate.constructs[id].span);
        std::sort(spans.begin(), spans.end());
        std::vector<Span> merged;
        for (Span const span : spans) {
            if (!merged.empty() && span.begin <= merged.back().end)
                merged.back().end = std::max(merged.back().end, span.end);
            else
                merged.push_back(span);
        }
        uint32_t const base = estate.sources.wholeFile(file).begin;
        auto const blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
        auto const isCovered = [&](size_t offset) {
            uint32_t const where = base + static_cast<uint32_t>(offset);
            auto next =
                std::upper_bound(merged.begin(), merged.end(), where,
                                 [](uint32_t value, Span span) { return value < span.begin; });
            return next != merged.begin() && where < std::prev(next)->end;
        };
        size_t i = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
        bool atLineStart = true;
        while (i < text.size()) {
            if (text[i] == '\n') {
                atLineStart = true;
                ++i;
            } else if (blank(text[i])) {
                ++i;
            } else if (isCovered(i)) {
                atLineStart = false;
                ++i;
            } else if (text[i] == '#' && atLineStart) {
                i = std::min(text.find('\n', i), text.size());
            } else if (text.substr(i).starts_with("/*") &&
                       text.find("*/", i + 2) != llvm::StringRef::npos) {
                i = text.find("*/", i + 2) + 2;
            } else {
                return false;
            }
        }
        return true;
    }
};

} // namespace hoist::jil
