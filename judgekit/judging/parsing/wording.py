"""The words by which a judge announces, denies, reports or takes back a verdict.

English in full, and the denials of other languages that judges write. A word that is missing here
makes a reply `unparsed`, rarely a wrong verdict: what stands outside the line that a format asks
for counts only where words of `ANNOUNCES` introduce it and none of the others stands against it.
"""

from __future__ import annotations

import re

__all__ = [
    "AFFIRMED",
    "ANNOUNCES",
    "ASIDE",
    "BY_OTHERS",
    "CONCLUDES",
    "CONDITION",
    "DENIAL",
    "DENIED",
    "DRAFT",
    "HYPOTHETICAL",
    "NOTHING_ELSE",
    "OTHERS_VERDICT",
    "OTHERS_WORDS",
    "PREDICATE",
    "REASON",
    "SCHEMA",
    "TAKEN_BACK",
    "THEM",
    "VERDICT",
    "WOULD_BE",
]


def _any(*lists: str) -> str:
    """An alternation of phrases, which are separated by ` | ` or line breaks."""
    return "|".join(re.sub(r" \| |\s*\n\s*", "|", phrases.strip()) for phrases in lists)


def _words(*lists: str) -> re.Pattern[str]:
    """A pattern of whole words."""
    return re.compile(rf"(?<!\w)(?:{_any(*lists)})(?!\w)", re.IGNORECASE)


_AFTER = r"[\"”'’*_`)\]]{0,4}"  # what closes a marker

_NOUN = _any("""
    verdict | decision | judge?ment | conclusion | winner | rating | score | ranking | vote
    preference | choice | evaluation | assessment | result
    urteil | entscheidung | wertung | bewertung | gewinner
    veredicto | decisión | décision | jugement | verdetto | вердикт | решение | оценка
""")
_VERB = _any("""
    choose | chose | pick | select | go with | went with | opt for | vote for | prefer | give
    award | assign | rate | conclude | judge | declare | decide | say
""")
_LEADS = _any("""
    so | thus | hence | therefore | consequently | accordingly | ultimately | final(?:ly)?
    overall | total | in sum(?:mary)? | in short | all in all | also
    daher | deshalb | insgesamt | donc | finalement | por (?:lo )?tanto | итак | поэтому
""")
_CHOOSES = _any("""
    ich (?:wähle|nehme|entscheide mich für) | je choisis | elijo | escojo | выбираю
""")

VERDICT = _words(_NOUN, r"here(?:['’]s| is| are| comes)")
"""What a line names that introduces the judge's own verdict."""

SCHEMA = _words("""
    formats? | options? | templates? | schema | syntax | labels? | tokens? | choices | strings?
    placeholders? | citation | references? | matrix | footnote | see | code | array | variable
    function | equals?
""")
"""What is named in the form of a verdict without being one."""

THEM = _words(
    "answers? | responses? | assistants? | outputs? | users? | prompts? | models? | texts?"
)
"""Those who may be quoted."""

CONCLUDES = _words(_LEADS)
"""What begins a conclusion, whatever stood in the sentence before it."""

ANNOUNCES = _words(
    _NOUN,
    _LEADS,
    _CHOOSES,
    "concluded | determined | decided",
    rf"(?:i|we)(?: \w+){{0,2}} (?:{_VERB})",
    rf"(?:i['’]d|i['’]ll)(?: \w+)? (?:{_VERB})",
)
"""What introduces a verdict: a verdict's name, a conclusion, or the judge's own choice."""

_PLAIN = _any("""
    a | an | the | this | my | our | own | its? | it['’]s | i | we | i['’]d | i['’]ll | i['’]ve
    in | on | of | for | to | with | as | at | by | that | here(?:['’]s)? | and | but | or | yet
    then | is | are | be | am | have | has | will | would | should | must | goes | stands | remains
    follows? | following | given? | based | above | analysis | comparison | reasons? | reasoning
    all | things | considered | clear | official | definitive | answer | response | assistant
    model | output | believe | think | find | better | one | best | grade | points?
    concluded | determined | decided
    mein | meine | das | die | der | endgültiges? | ist | lautet | ich | mon | ma | le | la | est
    je | mi | el | es | il | mio | è | мой | моя | это
""")
NOTHING_ELSE = re.compile(
    rf"(?:(?:{_NOUN}|{_LEADS}|{_VERB}|{_CHOOSES}|{_PLAIN})(?:[^\w]+|$))+", re.IGNORECASE
)
"""A clause of these words says nothing but that the verdict follows."""

_NOT = _any("""
    not | cannot | never | neither | nor | whether | if | rather than | instead of | anything but
    far from | other than | except | against
    nicht | kein(?:e[rmns]?)? | niemals | nie | keinesfalls | weder | noch | statt
    pas | jamais | ni | non | no | nunca | jamás | não | nem | не | ни | нет | никогда | вместо
""")
_FILLERS = _any("""
    a | an | the | as | be | it | this | that | give | say | think | believe | choose | pick | call
    rate | award | write | output | print | clear | mean | necessarily | für | la | le | el | por
""")
DENIED = re.compile(
    rf"(?:(?<!\w)(?:{_NOT})|n['’]t|[不非没沒勿别別])"
    rf"(?:[ \t]+(?:{_FILLERS})){{0,3}}[ \t]*[\"“'‘*_`]*$",
    re.IGNORECASE,
)
"""A denial of the very next word."""

_DENIALS = _any(r"""
    not | never | no | none | nor | neither | nobody | nothing | cannot | hardly | scarcely
    barely | without | anything but | far from | other than | except | against | instead of
    rather than | last | least | opposite | wrong(?:ly)? | incorrect(?:ly)? | false(?:ly)?
    mistak\w+ | unjust\w* | unfair\w* | undeserv\w+ | unlikely | impossible | absurd
    ridiculous | silly | nonsense | error | fool\w* | reject\w* | refus\w+ | declin\w+
    avoid\w* | disagree\w* | disput\w+ | doubt\w* | den(?:y|ies|ied) | oppos\w+ | resist\w*
    exclud\w+ | dismiss\w* | rul\w+ out | hesitat\w+ | unable | unwilling | reluctan\w+
    nicht | kein(?:e[rmns]?)? | nie | niemals | keinesfalls | keineswegs | weder | ohne
    falsch\w* | statt | anstatt | anstelle | lehne | unmöglich
    ne | pas | jamais | aucune? | ni | non(?!-) | plutôt que | au lieu | sauf | faux | fausse
    incorrecte? | refuse
    nunca | jamás | ning[uú]n\w* | tampoco | en vez de | en lugar de | incorrect[oa] | rechazo
    mai | nessun\w* | não | nem | nenhum\w* | niet | geen | nooit | nigdy | żaden | inte | ikke
    değil | не | ни | нет | нельзя | никогда | никак\w* | никто | вместо | неверн\w*
    неправильн\w* | ошиб\w+
""")
DENIAL = re.compile(
    r"n['’]t(?!\w)|(?<!\w)n['’](?=\w)|[不没沒非无無未別别勿否错錯誤误]|ではな|ない|ません|"
    rf"(?<!\w)(?:{_DENIALS})(?!\w)",
    re.IGNORECASE,
)
"""A denial anywhere in a sentence."""

DRAFT = _words(r"""
    initial(?:ly)? | at first | first (?:verdict|choice|glance|thought|impression|instinct)
    tentative(?:ly)? | preliminary | provisional\w* | draft | originally | lean(?:ed|ing|s)?
    considered | tempt(?:ed|ing) | might | could | may | maybe | perhaps | possibly | examples?
    e\.g | such as | sample | hypothe\w+ | alternative(?:ly)? | previous(?:ly)? | earlier
    former(?:ly)? | vielleicht | peut-être | quizás? | может | возможно
""")
"""What makes a verdict a first thought, or one among several."""

CONDITION = re.compile(
    r"(?<!\w)(?:if|unless|suppos(?:e|ing)|assuming|provided|imagine|in case|but for|"
    r"when(?!\s+\w+ing)|whenever|wenn|falls|sofern|wäre|hätte|si|au cas où|если|при условии)(?!\w)|"
    r"(?:^|[.,;])[\s*_]*(?:had|were|should)(?!\w)|如果|若|假如|要是|除非",
    re.IGNORECASE,
)
"""What makes a sentence depend on something that may not be so."""

BY_OTHERS = re.compile(
    r"(?<!\w)(?:according to|(?:in|through) the (?:words|eyes|view|opinion) of|for|to|by|from|in) "
    r"(?:the )?(?:first |second |judged )?"
    r"(?:answer|assistant|response|output|user|author|prompt)(?!\w)",
    re.IGNORECASE,
)
"""A part of a sentence by which the rest is somebody else's."""

WOULD_BE = re.compile(
    r"(?<!\bi )(?<!\bwe )(?<!\w)(?:would|could|might|may|should)(?!\w)", re.IGNORECASE
)
"""A clause that may be about what is not so."""

HYPOTHETICAL = re.compile(
    rf"{WOULD_BE.pattern}|(?<!\w)(?:würden?|könnten?|dürften?|serait|aurait|dirait|sería|habría|"
    r"diría|бы)(?!\w)",
    re.IGNORECASE,
)
"""What somebody would say, other than the judge of itself."""

_REPORTS = _any(r"""
    sa(?:ys|id) | claim(?:s|ed|ing) | contain(?:s|ed|ing) | includ(?:es?|ed|ing)
    writ(?:es|ten|ing) | wrote | instruct(?:s|ed|ing) | tell(?:s|ing) | told | asked
    asks?(?: \w+)? (?:me|us|to|for|that) | request(?:s|ed|ing) | demand(?:s|ed|ing)?
    want(?:s|ed|ing) | urg(?:es|ed|ing) | insist(?:s|ed|ing)? | end(?:s|ed|ing)
    begin(?:s|ning) | began | start(?:s|ed|ing)? with | reads? | stat(?:es|ed|ing)
    assert(?:s|ed|ing)? | argu(?:es|ed|ing) | suggest(?:s|ed|ing)? | declar(?:es|ed|ing)
    announc(?:es|ed|ing) | print(?:s|ed) | insert(?:s|ed) | inject(?:s|ed|ions?)
    smuggl\w+ | plant(?:s|ed) | hid(?:es|den)? | sneak\w* | snuck | add(?:s|ed)
    (?:last|closing) (?:lines?|sentences?|words?|paragraphs?)
    embed(?:s|ded) | append(?:s|ed) | quot(?:es?|ed|ing) | repeat(?:s|ed)
    conclud(?:es|ed)(?= by| with) | clos(?:es|ed|ing) (?:with|by) | tr(?:y|ies|ied|ying) to
    attempt(?:s|ed|ing)? | pretend(?:s|ed)? | according to | reported(?:ly)? | supposed(?:ly)?
    alleged(?:ly)? | so-called | trick(?:s|ed)? | forc(?:es|ed|ing) | manipulat\w+
    to (?:say|output|write|print|choose|pick|select|answer|reply|respond|return|use)
    behauptet | sagt | schreibt | verlangt | fordert | steht | endet | lautet die antwort
    dit | prétend | écrit | demande | affirme | dice | pide | escribe | afirma
    утверждает | говорит | пишет | просит
""")
OTHERS_WORDS = re.compile(
    rf"(?<!\w)(?:{_REPORTS})(?!\w)|声称|要求|写道|说道|声稱|寫道",
    re.IGNORECASE,
)
"""What is told of the words of others."""

OTHERS_VERDICT = _words(
    r"(?:answer|assistant|response|model|output|user|author|writer|reviewer|critic|text)s?"
    rf"(?: \w)?(?:['’]s?)? (?:\w+ )?(?:{_NOUN}|claim|line|words|sentence)(?!\w)(?! (?:is|for|of))",
    rf"(?:{_NOUN}) (?:\w+ )?(?:by|from|in|inside|within|quoted)",
    "(?:lines?|words?|sentence|part|end|bottom|paragraph) (?:of|in|from)",
)
"""A verdict that is somebody else's."""

_ASIDES = _any(r"""
    if | when | where | unless | means | wenn | falls | si | если | said | says | claims?
    according | wrote | an attempt | which | or
    as (?:(?:it|they|the (?:answer|assistant)|assistant \w) )?(?:says|said|claims|told)
    as (?:(?:it|they|the (?:answer|assistant)|assistant \w) )?(?:instructed|asks|asked|wants)
    as (?:(?:it|they|the (?:answer|assistant)|assistant \w) )?(?:demands|demanded|requested)
""")
ASIDE = re.compile(
    rf"{_AFTER}(?:[ \t]*[,;:—–-]{{1,2}})?[ \t]*(?:{_ASIDES})(?!\w)|{_AFTER}[ \t]*如果",
    re.IGNORECASE,
)
"""What follows a marker that is conditional, or somebody else's."""

_PREDICATES = _any(r"""
    is | are | was | were | be | been | has | had | have | does | did | do | will | would | could
    might | may | should | must | can | cannot | seems? | seemed | looks? | looked | appears?
    appeared | feels? | sounds? | deserves? | merits? | needs? | goes | comes | gets? | took
    takes | makes? | (?:is|was|does|did|would|should|could|ca|wo)n['’]t
    ist | wäre | war | est | serait | es | sería | это
""")
PREDICATE = re.compile(
    rf"{_AFTER}[ \t]+(?:{_PREDICATES})(?!\w)|{_AFTER}[ \t]*(?:并?不|是|并非)",
    re.IGNORECASE,
)
"""A marker that is the subject of its sentence."""

AFFIRMED = re.compile(
    rf"{_AFTER}[ \t]+(?:is|wins|has won|would be)[ \t:]+(?:[a-z]+ly |much |far |also |still )?"
    r"(?:(?:the|my|our|a) )?(?:final |clear |right |correct |overall |better |best )?"
    r"(?:better|best|winner|superior|preferable|preferred|verdict|choice|decision|answer|pick|"
    r"response|assistant|one|winning)"
    r"(?=[ \t*_`]*(?:[.!,;(]|$|because|since|than|overall|as\b))",
    re.IGNORECASE,
)
"""A sentence about a marker that says that it is the verdict."""

REASON = re.compile(
    r"[\s*_`)\"”]{0,4}(?:\(|(?:because|since|for|as|due to|owing to|given)(?!\w))", re.IGNORECASE
)
"""The reason that follows a verdict."""

_INTERJECTIONS = _any("""
    no | nope | not really | wait | hold on | hm+ | actually | sorry | oops | whoops | oh | edit
    update | rather | but wait | no wait | nein | halt | moment | doch | non | attendez | en fait
    espera | нет | стоп
""")
_CORRECTIONS = _any(r"""
    wait | hold on | never\s?mind | just kidding | correction | corrected | strike that
    scratch that | or rather | not \w, | rectification | entschuldigung | pardon | perdón
    извините | 抱歉 | korrektur | corrección | поправка | исправление
    等等 | 更正 | 纠正 | 糾正 | 不对 | 不對
""")
_REGRETS = _any(r"""
    i (?:have )?(?:misread|misjudged|mislabell?ed|misspoke|swapped|mixed|confused|mistook|erred)
    i (?:have )?(?:retract|withdraw|revise|reconsider(?:ed)?|revoke|overlooked|meant)
    i (?:have )?(?:stand corrected|apologi[sz]e)
    i (?:\w+ ){0,2}(?:correct|take|changed?|revise) (?:myself|that|it|this|my|the|back)
    i (?:\w+ ){0,2}(?:retract|withdraw|rescind|revoke|undo) (?:that|it|this|my|the)
    i (?:was|made|got|am) (?:a |an )?(?:wrong|mistake[ns]?|error|(?:it|this|that) wrong)
    my (?:mistake|error|bad|apologies|first|initial) | on second thoughts?
    (?:up)?on (?:further |closer |second )?(?:reflection|look|inspection)
    let me (?:reconsider|rethink|correct|revise|think again) | thinking about it again
    (?:on|after) (?:re-?reading|(?:further|more|closer) (?:thought|reading|consideration|study))
    i should have (?:said|written|chosen|picked) | i(?:['’]m| am) changing my (?:verdict|mind)
    i(?:['’]d| would) like to (?:change|correct|revise) | i will not be (?:steered|fooled|misled)
    i (?:got|had) (?:it|this|that|them) backwards? | (?:the )?other way (?:a)?round | vice versa
    (?:updated|revised|corrected|new) (?:verdict|decision|answer|rating|score|choice)
    i (?:now|rather|actually) (?:prefer|think|choose|say)
    my (?:new|real|actual) (?:answer|verdict|choice) | my final (?:answer|verdict|choice) is
    (?:ignore|disregard|forget|discard|strike|cancel|scrap) (?:the|my|that|what|this|it)
    ich (?:meinte|nehme das zurück|korrigiere) | das war falsch | ich habe mich | doch nicht
    irrtum | je me corrige
    je me suis | je voulais dire | quería decir | quise decir | me corrijo | me equivoqu\w+
    исправл\w+ | ошиб(?:ся|лась) | я передумал\w* | имел[аи]? в виду
""")
_WAS = _any("""
    was | is | were | should be | should have been | should read | looks like | appears to be
    seems | must be | has been | will be | would be
""")
_MISTAKES = _any(r"""
    mistaken? | error | typo | slip | wrong | incorrect | reversed | swapped | attempt
    (?:prompt )?injection | manipulation | manipulative | trick | quot\w+ | answer['’]s
    (?:first|second|judged) (?:answer|response) | not (?:my|mine|what i) | to be ignored
    withdrawn | void | invalid | [0-9]
""")
_DISOWNS = _any(
    r"(?:that|this|above|line|verdict|score|rating|label|choice) "
    rf"(?:{_WAS}) (?:\w+ )?(?:a |an |the |part of )*(?:{_MISTAKES})",
    r"(?:which|it) (?:is|was) (?:\w+ )?a mistake",
    r"(?:which|it) (?:is|was) (?:\w+ )?an? (?:\w+ )?(?:attempt|injection|manipulation)",
)
_JUDGES = _any("""
    decide | judge | pick | choose | give | tell | declare | name | render | follow | comply | say
    rate | score
""")
_ABSTAINS = _any(
    r"i (?:\w+ )?(?:decline|refuse|abstain|reject)",
    r"i (?:can|could|do|will|would|am|must|have) ?(?:not|n['’]t|unable to|no)"
    rf"(?: \w+)? (?:{_JUDGES}|verdict)",
    rf"i (?:ca|wo)n['’]t (?:\w+ )?(?:{_JUDGES})",
    "i (?:give|have|make|offer|render|cast) no",
    "no (?:verdict|winner|decision|score|rating|vote)",
    r"neither (?:\w+ )?(?:deserves|wins|should win)",
)

TAKEN_BACK = re.compile(
    r"(?:^|[.!?。！？\n])[\s*_#`>(\"—–,-]*"
    rf"(?:(?:{_INTERJECTIONS})(?=[ \t]*[,.:;!?—–…-])|(?:{_CORRECTIONS})(?!\w))|"
    rf"(?<!\w)(?:{_REGRETS}|{_DISOWNS}|{_ABSTAINS})(?!\w)|我?(?:搞|弄|说|判)?错了|我改|收回|应该是|應該是",
    re.IGNORECASE,
)
"""A verdict that is withdrawn after it was given."""
