// What stands in commands: `$$` that the scheduler eats, and secrets.
//
// A secret is never repeated: not in the message, not in the evidence, and the finding points at
// the job's name, because a report shows the line that it points at. Few false alarms matter more
// than finding everything: a value that is a variable, a path, a prompt or an option is none.
#include "analysis/Pass.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

namespace hoist::analysis {
namespace {

bool isNameByte(char c) { return llvm::isAlnum(c) || c == '_'; }

/// Where a piece of an attribute's value stands: exact when the value is a slice of the source.
Span spanOf(ir::Estate const& estate, ir::ConstructId attribute, llvm::StringRef piece) {
    Span const whole = estate.constructs.span(attribute);
    if (!whole.isValid())
        return whole;
    llvm::StringRef const text = estate.sources.text(whole);
    if (piece.begin() < text.begin() || piece.end() > text.end())
        return whole;
    auto const offset = static_cast<uint32_t>(piece.begin() - text.begin());
    return {whole.begin + offset, whole.begin + offset + static_cast<uint32_t>(piece.size())};
}

/// JIL-163: `$$` followed by no name of a global.
void checkShellPid(PassContext& context, ir::Job const& job,
                   ir::Sourced<llvm::StringRef> const& value) {
    llvm::StringRef const text = *value;
    for (size_t at = text.find("$$"); at != llvm::StringRef::npos; at = text.find("$$", at + 2)) {
        char const next = at + 2 < text.size() ? text[at + 2] : ' ';
        if (llvm::isAlnum(next) || next == '{' || next == '$' || next == '(')
            continue;
        context.diags.report<Code::ShellPid>(spanOf(context.estate, value.from, text.substr(at, 2)))
            .object(job.name)
            .evidence(text.substr(at, 2))
            .primary("the shell never sees this")
            .note("rule JIL-163: there is no way to escape it")
            .help("`$AUTORUN` or `mktemp` make a unique name, or move the line into a script");
        return;
    }
}

llvm::StringRef unquoted(llvm::StringRef text) {
    while (!text.empty() && (text.front() == '"' || text.front() == '\'' || text.front() == '\\'))
        text = text.drop_front();
    return text.rtrim("\"'\\;,)&");
}

bool isLiteralSecret(llvm::StringRef value) {
    value = unquoted(value);
    if (value.size() < 3 || value.find_first_of("$%`~{<>*@|") != llvm::StringRef::npos)
        return false; // a variable, a substitution, a redirection, a file
    if (value.starts_with("/") || value.starts_with("-") || value.starts_with("./") ||
        value.contains(":\\"))
        return false;
    for (llvm::StringRef word : {"true", "false", "yes", "no", "none", "null", "prompt", "ask",
                                 "file", "env", "stdin", "xxx", "xxxx", "xxxxx", "********"})
        if (value.equals_insensitive(word))
            return false;
    return value.find_first_not_of("xX*.") != llvm::StringRef::npos;
}

/// `--db-password`, `PASSWD`, `api_key`: the name of something secret.
llvm::StringRef secretNamed(llvm::StringRef key) {
    std::string folded;
    for (char c : key)
        if (c != '_' && c != '-')
            folded += llvm::toLower(c);
    llvm::StringRef const name = folded;
    if (name.ends_with("password") || name.ends_with("passwd") || name.ends_with("passphrase") ||
        name == "pwd" || name == "pass")
        return "a password";
    if (name.ends_with("apikey") || name.ends_with("accesskey") || name.ends_with("secretkey") ||
        name.ends_with("secret"))
        return "a secret key";
    if (name.ends_with("token"))
        return "a token";
    return {};
}

llvm::StringRef programOf(llvm::StringRef word) {
    word = unquoted(word);
    size_t const slash = word.find_last_of("/\\");
    word = slash == llvm::StringRef::npos ? word : word.drop_front(slash + 1);
    word.consume_back_insensitive(".exe");
    return word;
}

/// `scheme://user:secret@host`.
bool hasUrlCredentials(llvm::StringRef word) {
    size_t const scheme = word.find("://");
    if (scheme == llvm::StringRef::npos || scheme == 0)
        return false;
    llvm::StringRef const authority = word.drop_front(scheme + 3).take_until([](char c) {
        return c == '/' || c == '?' || c == '"' || c == '\'';
    });
    size_t const at = authority.rfind('@'), colon = authority.find(':');
    return at != llvm::StringRef::npos && colon != llvm::StringRef::npos && colon > 0 &&
           colon < at && isLiteralSecret(authority.slice(colon + 1, at));
}

bool hasAwsKey(llvm::StringRef text) {
    for (llvm::StringRef prefix : {"AKIA", "ASIA"})
        for (size_t at = text.find(prefix); at != llvm::StringRef::npos;
             at = text.find(prefix, at + 1)) {
            llvm::StringRef const key = text.drop_front(at).take_while(
                [](char c) { return llvm::isDigit(c) || (c >= 'A' && c <= 'Z'); });
            if (key.size() == 20 && (at == 0 || !isNameByte(text[at - 1])))
                return true;
        }
    return false;
}

/// `scott/tiger@ORCL`, for the programs that take it.
bool isDatabaseLogin(llvm::StringRef word) {
    word = unquoted(word);
    size_t const slash = word.find('/'), at = word.find('@');
    if (slash == llvm::StringRef::npos || slash == 0 || at == llvm::StringRef::npos ||
        at < slash + 2 || !llvm::isAlpha(word.front()))
        return false;
    llvm::StringRef const user = word.take_front(slash), secret = word.slice(slash + 1, at);
    return llvm::all_of(user, [](char c) { return isNameByte(c) || c == '#'; }) &&
           !secret.contains('/') && isLiteralSecret(secret);
}

/// What a command gives away, or nothing.
llvm::StringRef secretIn(llvm::StringRef command) {
    if (hasAwsKey(command))
        return "an AWS access key";
    llvm::SmallVector<llvm::StringRef, 16> words;
    command.split(words, ' ', -1, false);
    bool database = false, sshpass = false, mysql = false, sqlServer = false, curl = false;
    for (size_t i = 0; i < words.size(); ++i) {
        llvm::StringRef const word = words[i],
                              next = i + 1 < words.size() ? words[i + 1] : llvm::StringRef();
        llvm::StringRef const program = programOf(word);
        if (word == "|" || word == ";" || word == "&&" || word == "||")
            database = sshpass = mysql = sqlServer = curl = false;
        for (llvm::StringRef name :
             {"sqlplus", "sqlldr", "expdp", "impdp", "exp", "imp", "rman", "sqlcl"})
            database |= program.equals_insensitive(name);
        sshpass |= program == "sshpass";
        mysql |= program == "mysql" || program == "mysqldump" || program == "mysqladmin" ||
                 program == "mysqlimport";
        for (llvm::StringRef name : {"sqlcmd", "isql", "bcp", "osql"})
            sqlServer |= program.equals_insensitive(name);
        curl |= program == "curl" || program == "wget";
        if (hasUrlCredentials(word))
            return "credentials in a URL";
        if (database && isDatabaseLogin(word))
            return "a database password";
        if (sshpass && word.starts_with("-p") &&
            isLiteralSecret(word.size() > 2 ? word.drop_front(2) : next))
            return "a password";
        if (mysql && word.starts_with("-p") && word.size() > 2 &&
            isLiteralSecret(word.drop_front(2)))
            return "a database password";
        if (sqlServer && word.starts_with("-P") &&
            isLiteralSecret(word.size() > 2 ? word.drop_front(2) : next))
            return "a database password";
        if (curl && (word == "-u" || word == "--user") && next.contains(':') &&
            isLiteralSecret(next.split(':').second))
            return "a password";
        // key=value, --key=value, --key value, /key:value
        llvm::StringRef const bare = unquoted(word).ltrim("-/");
        size_t const mark = bare.find_first_of("=:");
        if (mark != llvm::StringRef::npos) {
            // Of `jdbc:x;user=a;password=b` and `a=1&password=2` the last key counts, too.
            llvm::SmallVector<llvm::StringRef, 4> parts;
            for (llvm::StringRef rest = bare; !rest.empty();) {
                size_t const end = rest.find_first_of(";&?,");
                parts.push_back(rest.take_front(end));
                rest = end == llvm::StringRef::npos ? llvm::StringRef() : rest.drop_front(end + 1);
            }
            for (llvm::StringRef part : parts) {
                size_t const equals = part.find('=');
                auto const [key, value] =
                    equals != llvm::StringRef::npos
                        ? std::pair(part.take_front(equals), part.drop_front(equals + 1))
                    : word.starts_with("/") ? part.split(':')
                                            : std::pair<llvm::StringRef, llvm::StringRef>();
                llvm::StringRef const lastWord = key.ltrim("-/\"'");
                if (llvm::StringRef const what = secretNamed(lastWord);
                    !what.empty() && isLiteralSecret(value))
                    return what;
            }
        } else if (word.starts_with("-")) {
            if (llvm::StringRef const what = secretNamed(bare);
                !what.empty() && isLiteralSecret(next) && !next.contains('='))
                return what;
        }
    }
    return {};
}

} // namespace

void checkCommands(PassContext& context) {
    for (ir::Job const& job : context.estate.jobs) {
        auto const* action = std::get_if<ir::CommandAction>(&job.action);
        if (!action)
            continue;
        if (job.dialect == ir::Dialect::jil)
            for (auto const* value :
                 {&action->command, &action->stdinFile, &action->stdoutFile, &action->stderrFile})
                if (*value)
                    checkShellPid(context, job, *value);
        if (llvm::StringRef const what = secretIn(*action->command); !what.empty())
            context.diags.report<Code::SecretInCommand>(job.nameSpan, job.name, what)
                .object(job.name)
                .evidence(what)
                .primary("in its `command`; not shown here")
                .help("keep it in an Airflow connection or in the profile on the machine, and "
                      "change it: it has been in definition files")
                .note("the DAG repeats the command verbatim, so the secret would be in the DAG's "
                      "file and in Airflow's database");
    }
}

} // namespace hoist::analysis
