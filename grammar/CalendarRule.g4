// Date-condition rules of extended calendars (JIL-157, §9.3 of the rule book).
//
// This grammar is the specification; frontend/ir/CalendarRule.cpp reads rules in production and is
// held to it by tests/grammar and the fuzz target `calendar_rules`. The parser there also limits the
// depth of parentheses (100), which is no part of the language. What a rule means stands in
// CalendarRule.h.
grammar CalendarRule;

// An empty rule is every day.
calendarRule : rules? EOF ;

// Commas, and separate `condition:` lines, unite whole rules.
rules : chain ( COMMA chain )* ;
// JIL-157: without parentheses `&` and `|` apply from left to right.
chain : term ( operation term )* ;
operation : AND | OR ;
term : NOT positive | positive ;
positive : OPEN rules CLOSE | keyword ;

keyword
    : DAILY | WORKDAYS | WEEKDAYS | CYCLE | WEEKDAY | MONTH
    | END_OF_MONTH | DAY_OF_WEEK | WEEK_OF_YEAR | ANCHORED_WEEK | DAY_OF_MONTH | WORKDAY_OF_MONTH
    | WEEKDAY_OF_MONTH | DAY_OF_NAMED_MONTH | DAY_OF_PERIOD | PERIOD | WEEK_OF_PERIOD
    | WORKDAY_OF_PERIOD | WEEKDAY_OF_PERIOD
    ;

BLANK : [ \t\r\n]+ -> skip ;
AND : '&' | [Aa] [Nn] [Dd] ;
OR : '|' | [Oo] [Rr] ;
NOT : [Nn] [Oo] [Tt] ;
COMMA : ',' ;
OPEN : [({] ;
CLOSE : [)}] ;

DAILY : D A I L Y ;
WORKDAYS : W O R K D A Y S ;
WEEKDAYS : W E E K D A Y S ;
CYCLE : C Y C L E ;
WEEKDAY : DDD ;
MONTH : MMM ;

// `#` counts from the start, `M` from the end, `L` is the last one; `X` takes the days away. It stands
// before the keyword or in the place of `#`, by family. Ordinals may be padded with zeros.
END_OF_MONTH : X? ( F | E ) O M ( W O R K | W E E K )? ;
DAY_OF_MONTH : M N T H D [#MmXx] ( TO_31 | L ) ;
WORKDAY_OF_MONTH : W O R K D [#Mm] ( TO_31 | L ) ;           // no X: WORKDXnn is refused
DAY_OF_WEEK : W E E K D [#MmXx] ( TO_7 | L ) ;
WEEK_OF_YEAR : W E E K ( [#MmXx] ( TO_53 | L ) | '#' ( E | O ) ) ;   // #E, #O: even and odd weeks
ANCHORED_WEEK : W E K R ( DDD | [1-7] ) [#MmXx] ( TO_53 | L ) ;      // week 1 begins on that weekday
WEEKDAY_OF_MONTH : X? DDD [#Mm] ( TO_5 | L ) ;
DAY_OF_NAMED_MONTH : X? MMM [#Mm] ( TO_31 | L ) ;
// Tokens of the calendar's cycle (JIL-159).
DAY_OF_PERIOD : C Y C L [#MmXx] ( TO_365 | L ) ;
PERIOD : C Y C P '#' ( TO_30 | L ) ;
WEEK_OF_PERIOD : C W E E K ( [#MmXx] ( TO_53 | L ) | '#' ( E | O ) ) ;
WORKDAY_OF_PERIOD : C W R K [#MmXx] ( TO_365 | L ) ;
WEEKDAY_OF_PERIOD : X? C DDD [#Mm] ( TO_53 | L ) ;

// Anything else is an error where it stands: XMON, XJAN (NOT says it), CWEK…, numbers out of range.
UNKNOWN_KEYWORD : [A-Za-z0-9#]+ ;
UNKNOWN_SIGN : . ;

fragment DDD : S U N | M O N | T U E | W E D | T H U | F R I | S A T ;
fragment MMM : J A N | F E B | M A R | A P R | M A Y | J U N | J U L | A U G | S E P | O C T | N O V | D E C ;

fragment TO_5 : '0'* [1-5] ;
fragment TO_7 : '0'* [1-7] ;
fragment TO_30 : '0'* ( [1-9] | [12] [0-9] | '30' ) ;
fragment TO_31 : '0'* ( [1-9] | [12] [0-9] | '3' [01] ) ;
fragment TO_53 : '0'* ( [1-9] | [1-4] [0-9] | '5' [0-3] ) ;
fragment TO_365 : '0'* ( [1-9] | [1-9] [0-9] | [12] [0-9] [0-9] | '3' [0-5] [0-9] | '36' [0-5] ) ;

fragment A : [Aa] ; fragment B : [Bb] ; fragment C : [Cc] ; fragment D : [Dd] ; fragment E : [Ee] ;
fragment F : [Ff] ; fragment G : [Gg] ; fragment H : [Hh] ; fragment I : [Ii] ; fragment J : [Jj] ;
fragment K : [Kk] ; fragment L : [Ll] ; fragment M : [Mm] ; fragment N : [Nn] ; fragment O : [Oo] ;
fragment P : [Pp] ; fragment R : [Rr] ; fragment S : [Ss] ; fragment T : [Tt] ; fragment U : [Uu] ;
fragment V : [Vv] ; fragment W : [Ww] ; fragment X : [Xx] ; fragment Y : [Yy] ;
