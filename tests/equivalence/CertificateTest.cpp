// A certificate names the bytes it is about, and the hash of a workflow follows its meaning only.
#include "analysis/equivalence/Certificate.h"
#include "analysis/equivalence/IrHash.h"
#include "analysis/link/Link.h"
#include "frontend/jil/Jil.h"

#include <gtest/gtest.h>

using namespace hoist;
using namespace hoist::equivalence;

namespace {

struct Linked {
    ir::Estate estate;
    diag::Diagnostics diags;
    explicit Linked(std::initializer_list<std::pair<char const*, std::string>> files) {
        for (auto const& [path, text] : files)
            jil::read(*estate.sources.add(path, text), estate, diags);
        analysis::link(estate, diags);
    }
    ir::WorkflowId workflow(llvm::StringRef root) {
        return estate.jobs[estate.jobByName.lookup(root)].workflow;
    }
    std::string hash() { return irHash(estate, workflow("BOX")); }
};

std::string const box = "insert_job: BOX\njob_type: b\ndate_conditions: 1\ndays_of_week: all\n"
                        "start_times: \"01:00\"\n";
std::string const a = "insert_job: A\njob_type: c\nbox_name: BOX\ncommand: load\nmachine: m\n";
std::string const b = "insert_job: B\njob_type: c\nbox_name: BOX\ncommand: send\nmachine: m\n"
                      "condition: s(A)\n";

} // namespace

TEST(IrHash, LayoutOrderAndFilesDoNotMatter) {
    std::string const one = Linked({{"x.jil", box + a + b}}).hash();
    EXPECT_EQ(one.size(), 64u);
    EXPECT_EQ(Linked({{"x.jil", "/* new */\n\n" + box + "\n" + b + "\n\n" + a}}).hash(), one);
    EXPECT_EQ(Linked({{"y.jil", box}, {"z.jil", a}, {"zz.jil", b}}).hash(), one);
    EXPECT_EQ(Linked({{"x.jil", box + a + "description: new\n" + b}}).hash(), one);
}

TEST(IrHash, EveryMeaningMatters) {
    std::string const one = Linked({{"x.jil", box + a + b}}).hash();
    for (std::string const more :
         {"n_retrys: 1\n", "max_exit_success: 1\n", "std_out_file: /x\n", "term_run_time: 1\n",
          "auto_hold: 1\n", "owner: x\n", "profile: /p\n", "alarm_if_fail: 0\n", "priority: 1\n",
          "job_load: 1\n", "status: ON_ICE\n", "envvars: K=v\n", "max_run_alarm: 3\n",
          "resources: (R, QUANTITY=1, FREE=A)\n", "box_terminator: 1\n"})
        EXPECT_NE(Linked({{"x.jil", box + a + b + more}}).hash(), one) << more;
    std::string command = a;
    command.replace(command.find("load"), 4, "laod");
    EXPECT_NE(Linked({{"x.jil", box + command + b}}).hash(), one);
}

TEST(Certificates, NameWhatTheyAreAbout) {
    Linked linked({{"b.jil", box + a}, {"c.jil", b}, {"other.jil", "insert_job: Z\ncommand: z\n"}});
    DefiningFiles const files(linked.estate);
    target::Bag bag;
    bag.airflowVersion = "3.3.2";
    target::Dag dag;
    dag.id = "BOX";
    dag.sha256 = "f00";
    Certificate certificate;
    certificate.hoistVersion = "0.1.0";
    certificate.workflow = linked.workflow("BOX");
    certificate.verdict = Verdict::equivalentIf;
    certificate.proofs[Difference::Aspect::start] = Proof::local;
    certificate.horizon = {1767225600, 1801785600};
    certificate.findings.assumptions = {{"z", "last", {}}, {"a", "first", {}}, {"a", "again", {}}};
    std::string const text = certificateJson(linked.estate, files, bag, &dag, certificate);
    auto const json = nlohmann::json::parse(text);
    EXPECT_EQ(json["workflow"], "BOX");
    EXPECT_EQ(json["verdict"], "equivalent-if");
    EXPECT_EQ(json["proofs"]["start"], "local");
    EXPECT_EQ(json["hashes"]["ir"], linked.hash());
    EXPECT_EQ(json["hashes"]["dag_file"], "f00");
    EXPECT_EQ(json["hashes"]["sources"].size(), 2u);
    EXPECT_TRUE(json["hashes"]["sources"].contains("b.jil"));
    ASSERT_EQ(json["assumptions"].size(), 2u);
    EXPECT_EQ(json["assumptions"][0]["name"], "a");
    EXPECT_EQ(json["horizon"]["to"], "2027-02-05T00:00:00Z");
    EXPECT_EQ(text, certificateJson(linked.estate, files, bag, &dag, certificate));
}

TEST(Certificates, AreWrittenUnderSafeNames) {
    MemoryFileSystem files;
    std::string error;
    EXPECT_TRUE(writeCertificate(files, "out", "BOX", "{}", error));
    EXPECT_TRUE(writeCertificate(files, "out", "../x", "{}", error));
    EXPECT_TRUE(writeCertificate(files, "out", "..#x", "{}", error));
    ASSERT_EQ(files.files.size(), 3u);
    EXPECT_TRUE(files.files.contains("out/BOX.json"));
    for (auto const& [path, bytes] : files.files)
        EXPECT_EQ(llvm::StringRef(path).count('/'), 1u) << path;
}
