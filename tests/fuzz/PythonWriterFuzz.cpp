// Any bytes in: Python's own `ast.literal_eval` of the literal gives the same bytes back, and a
// comment stays one line.
//
// The judge is a real Python, started once and fed through pipes: a decoder written here would
// share our mistakes.
#include "backend/airflow/Python.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

char const* const judge = R"(
import ast, struct, sys, tokenize, io
read, write = sys.stdin.buffer, sys.stdout.buffer
while True:
    head = read.read(8)
    if len(head) < 8:
        break
    size, comment_size = struct.unpack("<II", head)
    literal = read.read(size).decode("utf-8")
    comment = read.read(comment_size).decode("utf-8")
    assert len(literal.splitlines()) == 1, literal
    value = ast.literal_eval(literal).encode("utf-8", "surrogateescape")
    tree = ast.parse("x = 1  # " + comment + "\ny = 2\n")
    assert len(tree.body) == 2, comment
    write.write(struct.pack("<I", len(value)) + value)
    write.flush()
)";

FILE* toJudge = nullptr;
FILE* fromJudge = nullptr;

void start() {
    int down[2], up[2];
    if (pipe(down) || pipe(up))
        std::abort();
    if (fork() == 0) {
        dup2(down[0], 0);
        dup2(up[1], 1);
        close(down[1]);
        close(up[0]);
        execlp("python3", "python3", "-c", judge, static_cast<char*>(nullptr));
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    toJudge = fdopen(down[1], "wb");
    fromJudge = fdopen(up[0], "rb");
}

void fail(char const* why) {
    std::fprintf(stderr, "python writer: %s\n", why);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
    if (!toJudge)
        start();
    llvm::StringRef const bytes(reinterpret_cast<char const*>(data), size);
    std::string const literal = hoist::airflow::pythonString(bytes);
    std::string const comment = hoist::airflow::plainLine(bytes);
    uint32_t const sizes[] = {static_cast<uint32_t>(literal.size()),
                              static_cast<uint32_t>(comment.size())};
    std::fwrite(sizes, sizeof sizes, 1, toJudge);
    std::fwrite(literal.data(), 1, literal.size(), toJudge);
    std::fwrite(comment.data(), 1, comment.size(), toJudge);
    std::fflush(toJudge);
    uint32_t answer = 0;
    if (std::fread(&answer, sizeof answer, 1, fromJudge) != 1)
        fail("Python refused the literal or the comment");
    std::string back(answer, '\0');
    if (answer && std::fread(back.data(), 1, answer, fromJudge) != answer)
        fail("short answer");
    if (bytes != back)
        fail("the literal has other bytes");
    return 0;
}
