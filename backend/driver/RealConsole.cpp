// The process's own streams and environment.
#include "backend/driver/Console.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hoist {
namespace {

class RealConsole final : public Console {
public:
    void out(llvm::StringRef text) override { std::fwrite(text.data(), 1, text.size(), stdout); }
    void err(llvm::StringRef text) override {
        std::fflush(stdout); // in the order of events when both go to one place
        std::fwrite(text.data(), 1, text.size(), stderr);
    }
    int runProgram(llvm::ArrayRef<std::string> arguments, std::string& output, std::string& error,
                   llvm::StringRef input) override;
    std::string temporaryFile() override {
        std::error_code ignored;
        std::string path =
            (std::filesystem::temp_directory_path(ignored) / "hoist-XXXXXX").string();
        int const file = ::mkstemp(path.data());
        if (file < 0)
            return {};
        ::close(file);
        return path;
    }
    bool endsWithRun() const override { return true; }
    bool isOutTerminal() const override { return ::isatty(STDOUT_FILENO) == 1; }
    bool isErrTerminal() const override { return ::isatty(STDERR_FILENO) == 1; }
    std::optional<std::string> variable(llvm::StringRef name) const override {
        char const* const value = std::getenv(name.str().c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    }
    std::string currentFolder() const override {
        std::error_code ignored;
        return std::filesystem::current_path(ignored).string();
    }
};

/// Reads both pipes to their ends, so that neither fills up while the other is waited for.
void readBoth(int outFd, int errFd, std::string& output, std::string& error) {
    pollfd pipes[] = {{outFd, POLLIN, 0}, {errFd, POLLIN, 0}};
    std::string* const into[] = {&output, &error};
    for (int open = 2; open > 0;) {
        if (::poll(pipes, 2, -1) < 0 && errno != EINTR)
            return;
        for (size_t i = 0; i < 2; ++i) {
            if (pipes[i].fd < 0 || (pipes[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0)
                continue;
            char buffer[1 << 16];
            ssize_t const count = ::read(pipes[i].fd, buffer, sizeof buffer);
            if (count > 0) {
                into[i]->append(buffer, static_cast<size_t>(count));
            } else if (count == 0 || errno != EINTR) {
                pipes[i].fd = -1;
                --open;
            }
        }
    }
}

/// An open file without a name that holds the text, to be read from its begin; -1, with errno.
int fileWith(llvm::StringRef text) {
    int const file = ::memfd_create("hoist", MFD_CLOEXEC);
    while (file >= 0 && !text.empty()) {
        ssize_t const count = ::write(file, text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            ::close(file);
            return -1;
        }
        text = text.drop_front(static_cast<size_t>(count));
    }
    if (file >= 0)
        ::lseek(file, 0, SEEK_SET);
    return file;
}

int RealConsole::runProgram(llvm::ArrayRef<std::string> arguments, std::string& output,
                            std::string& error, llvm::StringRef input) {
    std::vector<char*> argv;
    for (std::string const& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str())); // posix_spawnp does not write to them
    argv.push_back(nullptr);
    int outPipe[2], errPipe[2];
    if (::pipe2(outPipe, O_CLOEXEC) != 0) {
        error = std::strerror(errno);
        return -1;
    }
    if (::pipe2(errPipe, O_CLOEXEC) != 0) {
        error = std::strerror(errno);
        ::close(outPipe[0]);
        ::close(outPipe[1]);
        return -1;
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    int const given = input.empty() ? -1 : fileWith(input); // a file: no pipe that may fill up
    if (given >= 0)
        ::posix_spawn_file_actions_adddup2(&actions, given, STDIN_FILENO);
    else
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, outPipe[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errPipe[1], STDERR_FILENO);
    pid_t child = 0;
    int const spawned = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (given >= 0)
        ::close(given);
    ::close(outPipe[1]);
    ::close(errPipe[1]);
    if (spawned == 0)
        readBoth(outPipe[0], errPipe[0], output, error);
    ::close(outPipe[0]);
    ::close(errPipe[0]);
    if (spawned != 0) {
        error = arguments.front() + ": " + std::strerror(spawned);
        return -1;
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

Console& realConsole() {
    static RealConsole console;
    return console;
}

} // namespace hoist
