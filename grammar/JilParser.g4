// The statements of JIL (JIL-010, §2.1), over the words of JilLexer.g4.
//
// Every sequence of words parses: what is wrong has a rule of its own, so that a reader of the tree
// reports it in hoist's words, with the statement it spoils, and goes on. Errors end at the next
// statement, because a statement's words end there (JIL-021). Which attributes there are, and what
// their values may be, is not grammar but data (frontend/jil/Attributes.def).
parser grammar JilParser;

options { tokenVocab = JilLexer; }

// A file, for the reader of this grammar. The program calls `prologue` and `statement`, one statement's
// words at a time, so that memory is bounded by the longest statement.
file : prologue statement* EOF ;

// Before the first statement. Attributes here belong to nothing: an error.
prologue : ( attribute | row | line )* ;

// Attributes belong to the statement before them, in any order (JIL-010).
statement : ( STATEMENT | UNKNOWN_STATEMENT ) value ( attribute | row | line )* ;

attribute : KEY value ;
row : ROW value ;

// From its first piece to its last, comments at its end left out; blanks around it do not count
// (JIL-013), comments inside count as blanks (JIL-014). May be empty.
value : ( PIECE | COMMENT | unclosed | BLOB )* ;

// Refused.
unclosed : OPEN_QUOTE | UNCLOSED_BLOB ;

line : COMMAND_LINE | REPORT_LINE | refused ;
refused : STRAY | UNCLOSED_COMMENT ;
