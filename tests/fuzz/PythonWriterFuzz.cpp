// Any bytes in: Python's own `ast.literal_eval` of the literal gives the same bytes back, and a
// comment stays one line.
//
// The judge is a real Python, started once and fed through pipes: a decoder written here would
// share our mistakes.
#include "backend/airflow/Python.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
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

int toJudge = -1;
int fromJudge = -1;

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
    toJudge = down[1];
    fromJudge = up[0];
}

/// `read` or `write` of all `size` bytes: libFuzzer's timer interrupts a call that waits.
template <typename Call, typename Byte>
bool whole(Call call, int file, Byte* bytes, size_t size) {
    while (size > 0) {
        ssize_t const done = call(file, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        size -= static_cast<size_t>(done);
    }
    return true;
}

void fail(char const* why) {
    std::fprintf(stderr, "python writer: %s\n", why);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
    if (toJudge < 0)
        start();
    llvm::StringRef const bytes(reinterpret_cast<char const*>(data), size);
    std::string const literal = hoist::airflow::pythonString(bytes);
    std::string const comment = hoist::airflow::plainLine(bytes);
    uint32_t const sizes[] = {static_cast<uint32_t>(literal.size()),
                              static_cast<uint32_t>(comment.size())};
    std::string question(reinterpret_cast<char const*>(sizes), sizeof sizes);
    question += literal;
    question += comment;
    uint32_t answer = 0;
    if (!whole(write, toJudge, question.data(), question.size()) ||
        !whole(read, fromJudge, reinterpret_cast<char*>(&answer), sizeof answer))
        fail("Python refused the literal or the comment");
    std::string back(answer, '\0');
    if (!whole(read, fromJudge, back.data(), back.size()))
        fail("short answer");
    if (bytes != back)
        fail("the literal has other bytes");
    return 0;
}
