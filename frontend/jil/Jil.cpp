// Scan → fold → lower; and how to tell a JIL file from others.
#include "frontend/jil/Jil.h"

#include "frontend/jil/Lower.h"

namespace hoist::jil {

Likelihood sniff(llvm::StringRef path, llvm::StringRef head) {
    if (path.ends_with_insensitive(".jil"))
        return Likelihood::certain;
    // A line that begins with a statement of JIL is no line of anything else.
    head.consume_front("\xEF\xBB\xBF");
    bool const isText = path.ends_with_insensitive(".txt") || path.ends_with_insensitive(".cal") ||
                        !path.contains('.') || path == "-";
    while (!head.empty()) {
        auto const [line, rest] = head.split('\n');
        llvm::StringRef const text = line.ltrim();
        llvm::StringRef const key =
            text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
        if (!key.empty() && text.drop_front(key.size()).ltrim(" \t").starts_with(":"))
            if (Subcommand const* command = findSubcommand(key))
                return command->keyword.contains('_') ? Likelihood::certain
                       : isText                       ? Likelihood::possible
                                                      : Likelihood::no;
        head = rest;
    }
    return Likelihood::no;
}

void read(llvm::ArrayRef<FileId> files, ir::Estate& estate, diag::Diagnostics& diags) {
    Fold fold(estate, diags);
    for (FileId const file : files) {
        Scanner scanner(file, estate.sources, diags);
        RawStatement statement;
        while (scanner.next(statement))
            fold.apply(statement, scanner);
    }
    Lowering(estate, diags, fold.definitions).run();
}

} // namespace hoist::jil
