// From definitions to the IR: folders as groups, conditions as dated facts.
#pragma once

#include "frontend/controlm/Node.h"
#include "frontend/ir/Estate.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSet.h>

#include <optional>
#include <vector>

namespace hoist::controlm {

/// `EXP="%%A=b"` of older releases, or NAME and VALUE.
ir::OrderVariable readVariable(Node const& node);

class Lowering {
public:
    Lowering(ir::Estate& target, diag::Diagnostics& findings);

    /// A folder with all that is in it, or a calendar. Fields and constructs of the node are used
    /// up.
    void take(Node& node);
    /// What only holds others: DEFTABLE, DEFCAL.
    void container(Node& node);
    /// What is taken next is JSON of the Automation API, or XML, whose exports say more.
    void beginFile(bool isJson) { isOfApi = isJson; }
    /// After all files: looks up what was named before it was defined.
    void finish();

private:
    /// A rule-based calendar; not empty: why its days are not known.
    struct Rule {
        ir::OrderRule rule;
        std::string doubt;
        Span doubtAt;
        llvm::StringRef server;
    };
    /// A folder while its members are lowered.
    struct Scope {
        Scope const* around = nullptr;
        Node const* node = nullptr;
        ir::JobId job;
        std::string path;            ///< "FOLDER/SUB"
        llvm::StringRef server;      ///< DATACENTER
        llvm::StringMap<Rule> rules; ///< rule-based calendars defined in it
        llvm::StringMap<Span> jobs;
    };

    void folder(Node& node);
    void entity(Node& node, Scope* around, llvm::StringRef name, Span nameSpan,
                llvm::StringRef server);
    void calendar(Node& node);
    void rule(Node& node);

    /// Registers the node's constructs and judges its values; settles what has no meaning.
    void enter(Node& node, ir::JobId owner, llvm::StringRef object);
    void badExtra(Extra const& extra, ir::ConstructId construct, ir::JobId owner,
                  llvm::StringRef object);
    void settleAll(Node& node, diag::Fidelity fate, llvm::StringRef form);
    void action(Node const& node, ir::Job& job);
    /// What a plug-in that hoist knows does; false: it does not know this one, or its form.
    bool plugIn(Node const& node, llvm::StringRef type, ir::Job& job);
    void conditions(Node const& node, ir::JobId id, llvm::StringRef server);
    void changes(Node const& node, ir::JobId id, llvm::StringRef server);
    void resources(Node const& node, ir::Job& job);
    void orders(Node const& node, ir::JobId id);
    void method(Node const& node, ir::JobId id, ir::OrderPolicy& policy);
    void window(Node const& node, ir::JobId id, ir::OrderPolicy& policy);
    void repetition(Node const& node, ir::JobId id, ir::OrderPolicy& policy);
    void locks(Node const& node, ir::OrderPolicy& policy);
    void endRule(Node const& node, ir::JobId id, ir::OrderPolicy& policy);
    std::optional<ir::EndAction> endAction(Node const& node, ir::JobId id);
    void overrideEarlier(ir::OrderVariable const& made, ir::OrderPolicy& policy);
    /// Whether a definition of a variable has a name and a value; else it is reported, and refuses
    /// the entity.
    bool isWhole(Node const& node, ir::JobId id);
    /// What decides and has no model refuses its entity (F0016).
    void notModelled(ir::JobId id, Span where, ir::ConstructId construct, llvm::StringRef what);
    void traps(Node const& node, llvm::StringRef object);
    void parentName(Node const& node, Scope const& around, llvm::StringRef object);
    void rules(Node const& node, Scope const* around, llvm::StringRef object);
    void calendarUses(Node const& node, llvm::StringRef object, llvm::StringRef server);
    Rule readRule(Node const& criteria, llvm::StringRef server) const;
    void ordering(Node const& node, Scope& scope);
    void resolveOrderings();
    /// Jobs with equal criteria get one Ordering.
    void shareEqual();
    /// Whose conditions a folder means that names no server.
    void assumeServer();
    ir::Scope dateOf(Node const& node, Attr attribute) const;
    /// A name that no job of the estate has.
    llvm::StringRef claim(std::string name, bool isTop);

    ir::Estate& estate;
    diag::Diagnostics& diags;
    bool isOfApi = false;
    llvm::StringSet<> foreignNames;  ///< of the other dialects' jobs
    llvm::StringMap<uint32_t> names; ///< given so far, and how often each was asked for
    llvm::StringMap<Span> folders;   ///< server and name → the first definition
    llvm::StringSet<> servers;       ///< that folders name
    std::vector<ir::JobId> unnamed;  ///< folders that name none
    llvm::StringMap<ir::CalendarId> calendars, calendarNames; ///< with their server; without
    llvm::StringMap<Rule> globalRules; ///< rule-based calendars outside folders
    struct Use {
        llvm::StringRef name, what, object, server;
        Span span;
        ir::ConstructId construct;
    };
    std::vector<Use> calendarsUsed, rulesUsed;
    struct RuleUse {
        ir::OrderingId ordering;
        llvm::StringRef name;
        Span span;
        bool isExcluded;
        std::optional<Rule> rule; ///< nothing: not seen yet
    };
    std::vector<RuleUse> ruleUses;
    struct Pending {
        ir::OrderingId ordering;
        ir::JobId job;
        llvm::StringRef server;
        bool isOfApi = false;
    };
    std::vector<Pending> orderings;
};

} // namespace hoist::controlm
