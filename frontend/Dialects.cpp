// The table of front ends.
#include "frontend/Frontend.h"
#include "frontend/cron/Cron.h"
#include "frontend/jil/Jil.h"

namespace hoist {

llvm::ArrayRef<Frontend> frontends() {
    static constexpr Frontend rows[] = {
#define DIALECT(space, name, dialect) {name, ir::Dialect::dialect, space::sniff, space::read},
#include "frontend/Dialects.def"
#undef DIALECT
    };
    return rows;
}

} // namespace hoist
