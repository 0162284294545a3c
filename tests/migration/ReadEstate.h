// An estate from texts, linked as the tool links it.
#pragma once

#include "analysis/link/Link.h"
#include "frontend/Frontend.h"

#include <string>

namespace hoist::test {

struct ReadEstate {
    explicit ReadEstate(std::string jil, std::string crontab = "", std::string controlm = "") {
        add("jil", std::move(jil));
        if (!controlm.empty())
            add("controlm", std::move(controlm));
        if (!crontab.empty())
            add("cron", std::move(crontab));
        analysis::link(estate, diags);
    }
    ir::Estate estate;
    diag::Diagnostics diags;

private:
    void add(llvm::StringRef dialect, std::string text) {
        FileId const file = *estate.sources.add("estate." + dialect.str(), std::move(text));
        for (Frontend const& frontend : frontends())
            if (frontend.name == dialect)
                frontend.read(file, estate, diags);
    }
};

} // namespace hoist::test
