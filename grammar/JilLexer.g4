// The words of JIL: §2 of the rule book (JIL-010…022), and the autocal files of JIL-044.
//
// This grammar is the specification. What reads JIL in production is frontend/jil/Scanner.cpp, by hand,
// because it is some twenty times as fast; tests/grammar and the fuzz target `statements` hold it to
// what stands here.
//
// JIL cannot be cut into words without knowing where one is: a value is free text, and what may
// follow it depends on its keyword. Hence the modes:
//
//     DEFAULT  a keyword is expected           KEY, STATEMENT, comments, or else → LINE
//     VALUE    inside a value                  pieces of it; a new line → MARGIN or DEFAULT
//     MARGIN   the start of the line after     does a wrapped list go on here (JIL-016)?
//              one of a list
//     REST     behind a quote that is never    the rest of the line is text
//              closed
//     LINE     a line that is no `key: value`  is it a command, a report's line, or astray?
//
// A rule that only decides which mode is right ends with `rewind()`: it gives its text back, and the
// mode it has chosen reads it again. The remaining predicates ask what a regular language cannot say,
// or what is data: the keywords stand in Subcommands.def and Attributes.def, not here. They are in
// JilLexerBase.h, each a few lines.
//
// Tokens carry byte offsets (ByteStream.h): characters are bytes, in whatever encoding (JIL-022).
lexer grammar JilLexer;

options { superClass = JilLexerBase; }
tokens { PIECE }
@lexer::postinclude {
#include "grammar/JilLexerBase.h"
}

// ---- where a keyword is expected ------------------------------------------------------------------

BOM : '\u00EF\u00BB\u00BF' { atFileStart() }? -> skip ;
BLANK : BL+ -> skip ;
NEWLINE : '\n' -> skip ;
// JIL-014: `#` begins a comment as the first thing on a line (indented: with a note).
HASH_COMMENT : '#' { atLineStart() }? ~[\n]* -> skip ;
BLOCK_COMMENT : '/*' .*? '*/' -> skip ;
// Must not swallow the rest of the file: it ends before the next line that begins a statement.
UNCLOSED_COMMENT : '/*' { neverFollowed("*/") }? TO_NEXT_STATEMENT ;

// JIL-010, §2.1. Keywords in any case (JIL-013). A blank before the colon is tolerated only where the
// word can be nothing else.
STATEMENT : NAME BL* ':' { isStatement() }? { beginStatement(); } -> mode(VALUE) ;
// JIL-021: shaped like a statement and none: an error, never an attribute of the object before.
UNKNOWN_STATEMENT : NAME BL* ':' { isShapedLikeStatement() }? { beginStatement(); } -> mode(VALUE) ;
KEY : ( NAME ':' | NAME BL+ ':' { isKnownKey() }? ) { beginAttribute(); } -> mode(VALUE) ;
// §9.3: the date rows of `calendar:`. A row is a value without a keyword.
ROW : [0-9] { inCalendar() }? { beginRow(); } -> mode(VALUE) ;
NO_KEY : . { rewind(); } -> skip, mode(LINE) ;

// ---- inside a value -------------------------------------------------------------------------------
mode VALUE;

V_BLANK : BL+ -> skip ;
// A value ends with its line, unless it is a list that exports wrap (JIL-016).
V_WRAP : '\n' { mayWrap() }? -> skip, mode(MARGIN) ;
V_NEWLINE : '\n' -> skip, mode(DEFAULT_MODE) ;

// JIL-011: `identifier:` behind a blank ends the value. In free text only a keyword that may stand
// here does (`--type: full`, `http://…`, `C:\x` are text); in words and lists, which cannot hold such
// a thing, any identifier does, when a blank or the end of the line follows its colon or it is known.
NEXT_KEY : NAME ':' { afterBlank() && endsValue() }? { rewind(); } -> skip, mode(DEFAULT_MODE) ;

// JIL-018: over lines, up to the closing marker, whatever stands between.
BLOB : [ \t\r\f\u000B\n]* '<auto_blobt>' { takesBlob() }? .*? '</auto_blobt>' -> mode(DEFAULT_MODE) ;
UNCLOSED_BLOB
    : [ \t\r\f\u000B\n]* '<auto_blobt>' { takesBlob() && neverFollowed("</auto_blobt>") }? TO_NEXT_STATEMENT
      -> mode(DEFAULT_MODE) ;

// JIL-012, JIL-017: a backslash takes the next character's meaning. At the end of a line it is text.
ESCAPE : '\\' ~[\n] -> type(PIECE) ;
// JIL-017. Over lines it is tolerated, as long as no line in between begins with a keyword: then a
// quote was forgotten.
QUOTED
    : '"' ( ~["\\\n] | '\\' ~[\n] | '\\'? '\n' { !lineBeginsWithKnownKey() }? )* '"' -> type(PIECE) ;
OPEN_QUOTE : '"' -> pushMode(REST) ;

// JIL-015: `/*` opens a comment only at the start of a value, behind a blank, or behind a comment.
// Closed on its line, it is a comment in words and lists; in free text (`ls /data/*/x /*/y`) only when
// the value ends behind it. A comment counts as a blank.
COMMENT : '/*' { mayOpenComment() }? ( ~[*\n] | '*'+ ~[*/\n] )* '*'+ '/' { isWords() || valueEndsHere() }? ;
COMMENT_IN_TEXT
    : '/*' { mayOpenComment() }? ( ~[*\n] | '*'+ ~[*/\n] )* '*'+ '/' -> type(PIECE) ;
// Not closed on its line: a comment over lines, unless another one opens in a later line of it (then
// this one was never meant: a file pattern). Never closed: text.
COMMENT_OVER_LINES
    : '/*' { mayOpenComment() }? ( ~[*\n] | '*'+ ~[*/\n] )* '*'* '\n' ( ~[*] | '*'+ ~[*/] )* '*'+ '/'
      { !opensAnotherInLaterLine() }? -> type(COMMENT) ;

WORD : [A-Za-z0-9_]+ -> type(PIECE) ;
SIGNS : ~[A-Za-z0-9_ \t\r\f\u000B\n\\":/]+ -> type(PIECE) ;
SIGN : . -> type(PIECE) ;

// ---- the line after a line of a list --------------------------------------------------------------
mode MARGIN;

M_BLANK : BL+ -> skip ;
// An empty line, a comment or a keyword ends the list.
M_END : ( '\n' | '#' | '/*' ) { rewind(); } -> skip, mode(DEFAULT_MODE) ;
M_KEY : ( NAME ':' | NAME BL+ ':' { isStatement() || isKnownKey() }? ) { rewind(); } -> skip, mode(DEFAULT_MODE) ;
// So does a line that says nothing about definitions.
M_FOREIGN : ( COMMAND | REPORT ) { isWholeLine() }? { rewind(); } -> skip, mode(DEFAULT_MODE) ;
// A line that cannot be the rest of this list is astray, it must not hide in a value: times and codes
// go on with a digit, a sign, a quote or a comma; lists of names go on behind a comma or with one;
// conditions, calendar rules and resources with anything.
M_GOES_ON : . { mayGoOnHere() }? { rewind(); } -> skip, mode(VALUE) ;
M_ASTRAY : . { rewind(); } -> skip, mode(DEFAULT_MODE) ;

// ---- behind a quote that is never closed ----------------------------------------------------------
mode REST;

REST_OF_LINE : ~[\n]+ -> type(PIECE), popMode ;
REST_EMPTY : '\n' { rewind(); } -> skip, popMode ;

// ---- a line that is no `key: value` ---------------------------------------------------------------
mode LINE;

// Shell commands of scripts that write JIL, and lines of reports: harmless.
COMMAND_LINE : COMMAND -> mode(DEFAULT_MODE) ;
REPORT_LINE : REPORT -> mode(DEFAULT_MODE) ;
// Anything else is astray: `jil` stops at such a statement.
STRAY : ~[\n]+ -> mode(DEFAULT_MODE) ;

// ---- parts of the rules above ---------------------------------------------------------------------

fragment BL : [ \t\r\f\u000B] ;
fragment NAME : [A-Za-z_] [A-Za-z0-9_]* ;
// The rest of the line, and all lines before the next that begins a statement.
fragment TO_NEXT_STATEMENT : ~[\n]* ( '\n' { !lineBeginsStatement() }? ~[\n]* )* ;
fragment COMMAND
    : ( 'sendevent' | 'autorep' | 'autostatus' | 'job_depends' | 'autocal_asc' | 'jil' | 'autoflags'
      | 'chk_auto_up' | 'monbro' | 'autosyslog' | 'exit' | 'quit' ) ( [ \t\r\f\u000B<] ~[\n]* )? ;
fragment REPORT
    : ( 'jil>>' | 'CAUAJM_' ) ~[\n]*
    | ( 'Job Name ' | 'Machine Name ' | 'Name ' ) ~[\n]* ~[ \t\r\f\u000B\n] BL*
    | [\-_=*+~ \t\r]+ BL* ;
