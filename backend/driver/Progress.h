// What the tool is busy with, on a terminal and only when the work takes long; nothing in pipes.
#pragma once

#include "backend/driver/Console.h"

#include <chrono>
#include <utility>

namespace hoist {

class Progress {
public:
    explicit Progress(Console& theConsole) : console(theConsole) {}
    ~Progress() { clear(); }
    Progress(Progress const&) = delete;

    /// Names the stage that begins. A second has to pass before the first one is shown.
    void stage(llvm::StringRef what) {
        if (!console.isErrTerminal() ||
            std::chrono::steady_clock::now() - start < std::chrono::seconds(1))
            return;
        console.err("\r\x1b[Khoist: " + what.str() + "...");
        isShown = true;
    }
    void clear() {
        if (std::exchange(isShown, false))
            console.err("\r\x1b[K");
    }

private:
    Console& console;
    std::chrono::steady_clock::time_point const start = std::chrono::steady_clock::now();
    bool isShown = false;
};

} // namespace hoist
