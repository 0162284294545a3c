// The program `hoist`.
#include "backend/driver/Driver.h"

#include <vector>

int main(int argc, char** argv) {
    std::vector<llvm::StringRef> const args(argv + (argc > 0 ? 1 : 0), argv + argc);
    return hoist::runHoist(args, hoist::realFileSystem(), hoist::realConsole());
}
