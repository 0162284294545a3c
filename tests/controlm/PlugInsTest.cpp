// Plug-ins that hoist knows: what their parameters say in XML and in JSON, and what stays unknown.
#include "tests/controlm/Read.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

using namespace hoist;
using Read = hoist::controlm::Read;

namespace {

Read xml(std::string const& type, std::string const& variables) {
    return Read(
        "<DEFTABLE><FOLDER FOLDER_NAME=\"F\"><JOB JOBNAME=\"A\" TASKTYPE=\"Job\" APPL_TYPE=\"" +
        type + "\">" + variables + "</JOB></FOLDER></DEFTABLE>");
}
std::string variable(std::string const& name, std::string const& value) {
    return "<VARIABLE NAME=\"%%" + name + "\" VALUE=\"" + value + "\"/>";
}
Read json(std::string const& type, std::string const& properties) {
    return Read("{\"F\": {\"Type\": \"SimpleFolder\", \"OrderMethod\": \"Manual\", \"A\": "
                "{\"Type\": \"Job:" +
                    type + "\"" + properties + "}}}",
                "a.json");
}

/// Keys of the parameters that an action does not say.
std::string unknownTo(ir::Job const& job, std::vector<ir::ConstructId> const& understood) {
    std::string keys;
    for (ir::KeptAttribute const& kept : job.kept)
        if (std::find(understood.begin(), understood.end(), kept.construct) == understood.end())
            keys += kept.key.str() + ";";
    return keys;
}

std::string watcher(Read const& read) {
    EXPECT_EQ(read.codes(), "");
    EXPECT_EQ(read.lost(), 0u);
    ir::Job const& job = *read.find("F/A");
    auto const& watch = std::get<ir::FileWatchAction>(job.action);
    return fmt::format("{}{} size {} looks {}/{}/{} limit {}{} unknown {}",
                       watch.waitsForDeletion.value ? "deletes " : "", watch.path->str(),
                       watch.minSize.value, watch.interval.value, watch.sizeInterval.value,
                       watch.sizeLooks.value, watch.timeLimit.value,
                       watch.weighsPatterns.value ? " weighs" : "",
                       unknownTo(job, watch.understood));
}

} // namespace

TEST(PlugIns, AFileWatcherOfXml) { // CTM-120, CTM-121, CTM-122
    EXPECT_EQ(
        watcher(xml(
            "FileWatch",
            variable("FileWatch-FILE_PATH", "/in/*") + variable("FileWatch-MODE", "CREATE") +
                variable("FileWatch-MIN_DET_SIZE", "2 K") +
                variable("FileWatch-INT_FILE_SEARCHES", "30") +
                variable("FileWatch-INT_FILESIZE_COMPARISON", "5") +
                variable("FileWatch-NUM_OF_ITERATIONS", "4") +
                variable("FileWatch-TIME_LIMIT", "90") + variable("FileWatch-START_TIME", "NOW") +
                variable("FileWatch-STOP_TIME", "0") + variable("FileWatch-MIN_AGE", "NO_MIN_AGE") +
                variable("FileWatch-MAX_AGE", "NO_MAX_AGE") +
                variable("FileWatch-FILESIZE_WILDCARD", "Y") + variable("OWN", "x"))),
        "/in/* size 2048 looks 30/5/4 limit 90 weighs unknown ");
}

TEST(PlugIns, WhatAFileWatcherSaysThatIsNotUnderstood) { // CTM-123, CTM-124
    EXPECT_EQ(watcher(xml("FileWatch", variable("FileWatch-FILE_PATH", "/in/f") +
                                           variable("FileWatch-MODE", "DELETE") +
                                           variable("FileWatch-MIN_DET_SIZE", "2T") +
                                           variable("FileWatch-STOP_TIME", "+0100") +
                                           variable("FileWatch-MIN_AGE", "0Y0M1D") +
                                           variable("FileWatch-TIME_LIMIT", "5") +
                                           variable("FileWatch-TIME_LIMIT", "6") +
                                           variable("FileWatch-NEW", "1"))),
              "deletes /in/f size 0 looks 0/0/0 limit 0 unknown %%FileWatch-MIN_DET_SIZE;"
              "%%FileWatch-STOP_TIME;%%FileWatch-MIN_AGE;%%FileWatch-TIME_LIMIT;"
              "%%FileWatch-TIME_LIMIT;%%FileWatch-NEW;");
}

TEST(PlugIns, AFileWatcherOfJson) {
    EXPECT_EQ(watcher(json("FileWatcher:Create",
                           R"(, "Path": "/in/f", "MinimumSize": "10B", "SearchInterval": "45",
                           "FileSizeInterval": 5, "Iterations": "2", "TimeLimit": "22",
                           "Wildcard": false, "MinimalAge": "1D", "RunAs": "u")")),
              "/in/f size 10 looks 45/5/2 limit 22 unknown MinimalAge;");
    EXPECT_EQ(watcher(json("FileWatcher:Delete", R"(, "Path": "/in/f")")),
              "deletes /in/f size 0 looks 0/0/0 limit 0 unknown ");
}

TEST(PlugIns, OwnVariablesAreNotParameters) {
    Read const read =
        xml("FileWatch", variable("FileWatch-FILE_PATH", "/in/%%OWN") + variable("OWN", "x"));
    auto const& variables = read.estate.orderPolicies[read.find("F/A")->orders].variables;
    ASSERT_EQ(variables.size(), 1u);
    EXPECT_EQ(variables[0].name, "%%OWN");
}

TEST(PlugIns, AQuery) { // CTM-125
    auto const told = [](Read const& read) -> std::string {
        EXPECT_EQ(read.lost(), 0u);
        ir::Job const& job = *read.find("F/A");
        auto const* const query = std::get_if<ir::QueryAction>(&job.action);
        return query ? fmt::format("{}: {}{} unknown {}", query->connection->str(),
                                   query->query->str(), query->commitsEach.value ? " each" : "",
                                   unknownTo(job, query->understood))
                     : "opaque";
    };
    EXPECT_EQ(told(json("Database:EmbeddedQuery",
                        R"(, "ConnectionProfile": "DB", "Query": "select\n1", "Autocommit": "Y",
                        "OutputExecutionLog": "Y", "OutputSQLOutput": "Y", "SQLOutputFormat": "XML")")),
              "DB: select\n1 each unknown OutputSQLOutput;SQLOutputFormat;");
    std::string const account = variable("DB-ACCOUNT", "DB") + variable("DB-DB_TYPE", "Oracle");
    std::string const open = account + variable("DB-EXEC_TYPE", "Open Query");
    EXPECT_EQ(told(xml("DATABASE", open + variable("DB-QTXT-N001-SUBQTXT", "select ") +
                                       variable("DB-QTXT-N001-SUBQLENGTH", "7") +
                                       variable("DB-QTXT-N002-SUBQTXT", "1"))),
              "DB: select 1 unknown ");
    EXPECT_EQ(told(xml("DATABASE", open + variable("DB-QTXT-N001-SUBQTXT", "select 1") +
                                       variable("DB-QTXT-N001-SUBQLENGTH", "7"))),
              "DB:  unknown %%DB-QTXT-N001-SUBQTXT;%%DB-QTXT-N001-SUBQLENGTH;");
    EXPECT_EQ(told(xml("DATABASE", account + variable("DB-EXEC_TYPE", "Stored Procedure"))),
              "opaque");
    EXPECT_EQ(told(json("Database:SQLScript", R"(, "SQLScript": "/s.sql")")), "opaque");
}

TEST(PlugIns, FilesOfATransfer) { // CTM-126
    auto const told = [](Read const& read) {
        EXPECT_EQ(read.lost(), 0u);
        ir::Job const& job = *read.find("F/A");
        auto const& transfer = std::get<ir::TransferAction>(job.action);
        auto const end = [](ir::TransferAction::End const& one) {
            return fmt::format("{}/{}/{}", one.connection->str(), one.host->str(), one.type->str());
        };
        std::string text = end(transfer.left) + " " + end(transfer.right);
        for (ir::TransferAction::File const& file : transfer.files)
            text += fmt::format(" {}{}{}", file.left->str(),
                                !file.isKnown   ? "?"
                                : file.isUpload ? ">"
                                                : "<",
                                file.right->str());
        return text + fmt::format(" of {}", job.kept.size());
    };
    EXPECT_EQ(told(json("FileTransfer",
                        R"(, "ConnectionProfileSrc": "S", "ConnectionProfileDest": "D",
                        "Variables": [{"FTP-LHOST": "l"}, {"FTP-CONNTYPE2": "SFTP"}],
                        "FileTransfers": [
                          {"Src": "/a", "Dest": "/b", "TransferOption": "SrcToDest", "TransferType": "Binary"},
                          {"Src": "/c", "Dest": "/d", "TransferOption": "DestToSrc",
                           "PreCommandDest": {"action": "rm", "arg1": "/c"}},
                          {"Src": "/e", "Dest": "/f", "TransferOption": "SrcToDestFileWatcher"}])")),
              "S/l/ D//SFTP /a>/b /c</d /e?/f of 15");
    EXPECT_EQ(
        told(xml("FILE_TRANS", variable("FTP-ACCOUNT", "P") + variable("FTP-LHOST", "l") +
                                   variable("FTP-RHOST", "r") + variable("FTP-LPATH1", "/a") +
                                   variable("FTP-RPATH1", "/b") + variable("FTP-UPLOAD1", "0"))),
        "P/l/ P/r/ /a</b of 6");
}
