// The condition language of JIL: `condition`, `box_success`, `box_failure` (§6 of the rule book,
// JIL-062…075). There is no NOT.
//
// This grammar is the specification; frontend/jil/ConditionParser.cpp reads conditions in production
// and is held to it by tests/grammar and the fuzz target `conditions`. The parser there also limits
// the depth (1000), which is no part of the language.
grammar Condition;

@lexer::members {
/// At a `/*` that was just read: is it a comment, that is, is it ever closed (JIL-015)?
bool isClosed() {
    for (ssize_t i = 1;; ++i) {
        size_t const c = _input->LA(i);
        if (c == antlr4::IntStream::EOF)
            return false;
        if (c == '*' && _input->LA(i + 1) == '/')
            return true;
    }
}
bool atEnd() { return _input->LA(1) == antlr4::IntStream::EOF; }
bool fitsInteger() {
    std::string const digits = getText();
    int32_t number = 0;
    return std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc();
}
bool isNext(char c) { return _input->LA(1) == static_cast<size_t>(c); }
}

condition : expression EOF ;

// JIL-062: flat. Parentheses first, else strictly from left to right; AND does not bind tighter than
// OR: `s(a) | s(b) & s(c)` is `(s(a) | s(b)) & s(c)`.
expression : term ( operation term )* ;
operation : AND_SIGN | AND | OR_SIGN | OR ;
term : OPEN expression CLOSE | atom ;

// JIL-063, JIL-067, JIL-068. Look-back is not allowed on variables (JIL-073).
atom
    : status OPEN reference ( COMMA lookback )? CLOSE
    | exitCode OPEN reference ( COMMA lookback )? CLOSE relation number
    | variable OPEN name CLOSE relation text
    ;
status : SUCCESS | FAILURE | DONE | TERMINATED | NOTRUNNING ;
exitCode : EXITCODE ;
variable : VALUE ;

// JIL-075: `job^INS` is a job of another instance. A name may look like any word of the language.
reference : name ( CARET instance )? ;
name : word | AND | OR | QUOTED | QUOTED_HOURS ;
instance : word ;
// JIL-070…072: `hhhh` or `hhhh.mm`; `0` and `9999` have meanings of their own.
lookback : HOURS | QUOTED_HOURS | HOURS_MINUTES ;
number : INTEGER | HOURS ;
relation : EQUAL | NOT_EQUAL | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL ;
text : word | AND | OR | QUOTED | QUOTED_HOURS ;
word
    : WORD | INTEGER | HOURS | HOURS_MINUTES | SUCCESS | FAILURE | DONE | TERMINATED | NOTRUNNING
    | EXITCODE | VALUE ;

// Line ends and comments count as blanks. An unclosed comment is text (JIL-015).
BLANK : [ \t\n\u000B\f\r]+ -> skip ;
COMMENT : '/*' .*? '*/' -> skip ;

OPEN : '(' ;
CLOSE : ')' ;
COMMA : ',' ;
CARET : '^' ;
AND_SIGN : '&' ;
OR_SIGN : '|' ;
EQUAL : '=' ;
NOT_EQUAL : '!=' ;
LESS : '<' ;
LESS_EQUAL : '<=' ;
GREATER : '>' ;
GREATER_EQUAL : '>=' ;

// The words of the language, in any case (JIL-013).
AND : [Aa] [Nn] [Dd] ;
OR : [Oo] [Rr] ;
SUCCESS : [Ss] ( [Uu] [Cc] [Cc] [Ee] [Ss] [Ss] )? ;
FAILURE : [Ff] ( [Aa] [Ii] [Ll] [Uu] [Rr] [Ee] )? ;
DONE : [Dd] ( [Oo] [Nn] [Ee] )? ;
TERMINATED : [Tt] ( [Ee] [Rr] [Mm] [Ii] [Nn] [Aa] [Tt] [Ee] [Dd] )? ;
NOTRUNNING : [Nn] ( [Oo] [Tt] [Rr] [Uu] [Nn] [Nn] [Ii] [Nn] [Gg] )? ;
EXITCODE : [Ee] ( [Xx] [Ii] [Tt] [Cc] [Oo] [Dd] [Ee] )? ;
VALUE : [Vv] ( [Aa] [Ll] [Uu] [Ee] )? | [Gg] ( [Ll] [Oo] [Bb] [Aa] [Ll] )? ;

// JIL-070: hours 0…9999; with minutes 0…9998 and 0…59. `.30` is no look-back. A colon is escaped or,
// tolerated, not.
HOURS : DIGIT ( DIGIT ( DIGIT DIGIT? )? )? ;
HOURS_MINUTES : WITH_MINUTES ;
QUOTED_HOURS : '"' ( HOURS | WITH_MINUTES ) '"' ;
// Fits 32 bits: what is longer is no exit code.
INTEGER : '-'? DIGIT+ { fitsInteger() }? ;

// Up to a blank or a sign; a backslash takes the next character's meaning (`a\:b`, JIL-012). A `!` is
// a sign only before `=`.
WORD : ( ~[ \t\n\u000B\f\r(),^&|=<>"\\!/] | '\\' . | '\\' { atEnd() }? | '!' { !isNext('=') }?
       | '/' { !isNext('*') }? | '/' { isNext('*') }? '*' { !isClosed() }? )
       ( ~[ \t\n\u000B\f\r(),^&|=<>"\\!] | '\\' . | '\\' { atEnd() }? | '!' { !isNext('=') }? )* ;
QUOTED : '"' ( ~["\\] | '\\' . )* '"' ;

// Never closed: no rule takes it, so it is an error where it stands.
OPEN_QUOTE : '"' ;

fragment DIGIT : [0-9] ;
fragment WITH_MINUTES
    : ( DIGIT ( DIGIT DIGIT? )? | [0-8] DIGIT DIGIT DIGIT | '9' [0-8] DIGIT DIGIT | '99' [0-8] DIGIT | '999' [0-8] )
      ( '.' | ':' | '\\:' ) [0-5]? DIGIT ;
