/* A clock for Debian's real cron daemon that only its own sleeping moves (LD_PRELOAD).
 *
 * Why not an accelerated libfaketime: a daemon that runs some thousand times faster than real time misses
 * minutes whenever the machine is busy. Here time() stands still while the daemon works, sleep() moves it
 * on at once, and a night costs a second, the same on every machine. The daemon's own code decides
 * everything else. Instead of executing a job's shell the command and the time are written down.
 *
 *   HOIST_CRON_BEGIN, HOIST_CRON_END   seconds since the epoch; the daemon ends there
 *   HOIST_CRON_LOG                     a line "<seconds> <command>" per started job
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static time_t now;
static pid_t daemonPid;

__attribute__((constructor)) static void start(void) {
    now = atol(getenv("HOIST_CRON_BEGIN"));
    daemonPid = getpid();
}

time_t time(time_t *out) {
    if (out)
        *out = now;
    return now;
}

unsigned sleep(unsigned seconds) {
    if (getpid() != daemonPid)
        return 0;
    now += seconds;
    if (now >= atol(getenv("HOIST_CRON_END"))) {
        while (wait(NULL) > 0)
            ;
        _exit(0);
    }
    return 0;
}

int execle(const char *path, const char *arg, ...) {
    va_list more;
    const char *last = arg;
    va_start(more, arg);
    for (const char *next = arg; next; next = va_arg(more, const char *))
        last = next;
    va_end(more);
    (void)path;
    char line[256];
    int length = snprintf(line, sizeof line, "%ld %s\n", (long)now, last);
    int log = open(getenv("HOIST_CRON_LOG"), O_WRONLY | O_APPEND);
    if (log < 0 || write(log, line, (size_t)length) != length)
        _exit(1);
    _exit(0);
}
