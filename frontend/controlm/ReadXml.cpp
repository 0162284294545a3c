// Builds one folder at a time, so that the memory is that of the largest folder. What the tables do
// not know is reported here, counted as dropped, and not built; inside it nothing is told again.
#include "frontend/controlm/ReadXml.h"

#include "frontend/controlm/Xml.h"

#include <fmt/format.h>

namespace hoist::controlm {

using diag::Code;
using diag::Fidelity;

namespace {

class Builder final : public XmlHandler {
public:
    Builder(ir::Estate& target, diag::Diagnostics& findings, Lowering& receiver)
        : estate(target), diags(findings), lowering(receiver) {}

    void start(XmlTag const& tag) override {
        isTextTold = false;
        if (skipped > 0)
            return skip(tag);
        Element const* const row = findElement(tag.name);
        if (!row) {
            auto finding = diags.report<Code::UnknownElement>(tag.nameSpan, tag.name);
            finding.evidence(tag.name);
            if (llvm::StringRef const near = nearestElement(tag.name); !near.empty())
                finding.help(fmt::format("did you mean `{}`?", near.str()));
            return skip(tag);
        }
        bool const fits = open.empty() ? row->parents == groups::root
                                       : (row->parents & in(open.back().row->id)) != 0;
        if (!fits) {
            diags
                .report<Code::MisplacedElement>(tag.nameSpan, tag.name,
                                                open.empty() ? llvm::StringRef("the file")
                                                             : open.back().row->keyword)
                .evidence(tag.name);
            fate = Fidelity::refused;
            if (!open.empty() && (in(open.back().row->id) & (groups::entities | groups::folders)))
                estate.refusals.push_back({tag.span, {}});
            return skip(tag);
        }
        Node node;
        node.row = row;
        node.nameSpan = tag.nameSpan;
        node.span = tag.span;
        node.kind = estate.constructs.intern(("element " + row->keyword).str());
        node.fields.reserve(tag.attributes.size());
        for (XmlAttribute const& attribute : tag.attributes)
            add(node, attribute);
        open.push_back(std::move(node));
    }

    void end() override {
        isTextTold = false;
        if (skipped > 0) {
            if (--skipped == 0)
                fate = Fidelity::dropped;
            return;
        }
        Node node = std::move(open.back());
        open.pop_back();
        if (open.empty())
            lowering.container(node);
        else if (open.back().row->parents == groups::root)
            lowering.take(node);
        else
            open.back().children.push_back(std::move(node));
    }

    void text(Span where) override {
        if (isTextTold)
            return;
        isTextTold = true; // the rest of it comes in pieces
        diags.report<Code::StrayXmlText>(where);
        estate.constructs.settle(estate.constructs.add(where, "text"), Fidelity::dropped,
                                 "no meaning");
    }

private:
    void skip(XmlTag const& tag) {
        ++skipped;
        settle(tag.span, "unknown element");
        for (XmlAttribute const& attribute : tag.attributes)
            settle(attribute.nameSpan.to(attribute.span), "unknown attribute");
    }
    void settle(Span where, llvm::StringRef kind) {
        estate.constructs.settle(estate.constructs.add(where, kind), fate, "unknown");
    }

    void add(Node& node, XmlAttribute const& attribute) {
        Span const whole = attribute.nameSpan.to(attribute.span);
        llvm::StringRef const name = attribute.name;
        if (name == "xmlns" || name.starts_with("xmlns:") || name.starts_with("xsi:")) {
            estate.constructs.settle(estate.constructs.add(whole, "attribute xmlns"),
                                     Fidelity::exact, "documentation");
            return;
        }
        Attribute const* const row = findAttribute(node.row->id, name);
        if (!row) {
            auto finding = diags.report<Code::UnknownXmlAttribute>(attribute.nameSpan,
                                                                   node.row->keyword, name);
            finding.evidence(name);
            if (llvm::StringRef const near = nearestAttribute(node.row->id, name); !near.empty())
                finding.help(fmt::format("did you mean `{}`?", near.str()))
                    .fix({attribute.nameSpan, near.str(), "use the attribute's right name",
                          diag::Applicability::unsafe});
            settle(whole, "unknown attribute");
            return;
        }
        node.fields.push_back({row, attribute.value, attribute.span, whole, kindOf(*row), {}});
    }

    ir::KindId kindOf(Attribute const& row) {
        auto const index = static_cast<size_t>(row.id);
        if (kinds.size() <= index)
            kinds.resize(index + 1);
        if (!kinds[index])
            kinds[index] = estate.constructs.intern(("attribute " + row.keyword).str());
        return kinds[index];
    }

    ir::Estate& estate;
    diag::Diagnostics& diags;
    Lowering& lowering;
    std::vector<Node> open;
    std::vector<ir::KindId> kinds;
    size_t skipped = 0;                ///< open elements that are not built
    Fidelity fate = Fidelity::dropped; ///< of what is skipped
    bool isTextTold = false;
};

} // namespace

void readXmlFile(FileId file, ir::Estate& estate, diag::Diagnostics& diags, Lowering& lowering) {
    Builder builder(estate, diags, lowering);
    if (!readXml(file, estate, diags, builder)) {
        // What could not be read may belong to any folder of the file.
        estate.refusals.push_back({estate.sources.wholeFile(file), {}});
        estate.constructs.settle(
            estate.constructs.add(estate.sources.wholeFile(file), "unread rest of a file"),
            Fidelity::refused, "syntax error");
    }
}

} // namespace hoist::controlm
