"""Scripts of the lists' original names, written in Latin capitals well enough to be compared.

Only what pays: Cyrillic, Greek, Arabic and Persian, Hebrew. Arabic and Hebrew write few vowels, so their names are
compared by consonants (`Token.bones`). Letters of other scripts stay as they are and compare with their own.
"""

from __future__ import annotations


def _letters(text: str) -> dict[str, str]:
    """`А:A Ж:ZH Ь:` as a table."""
    return {pair[0]: pair[2:] for pair in text.split()}


_LATIN = _letters("ß:SS Ł:L Ø:O Æ:AE Œ:OE Đ:D Ð:D Þ:TH İ:I Ə:A ł:L ø:O æ:AE œ:OE đ:D ð:D þ:TH ı:I ə:A")
_CYRILLIC = _letters(
    "А:A Б:B В:V Г:G Д:D Е:E Ж:ZH З:Z И:I К:K Л:L М:M Н:N О:O П:P Р:R С:S Т:T У:U Ф:F Х:KH Ц:TS Ч:CH Ш:SH "
    "Щ:SHCH Ъ: Ы:Y Ь: Э:E Ю:YU Я:YA І:I Є:YE Ґ:G Ђ:DJ Ћ:C Џ:DZ Ј:J Љ:LJ Њ:NJ Қ:Q Ғ:G Ң:N Ө:O Ұ:U Ү:U Һ:H Ә:A "
    "Ѓ:G Ќ:K"
)
_GREEK = _letters("Α:A Β:V Γ:G Δ:D Ε:E Ζ:Z Η:I Θ:TH Ι:I Κ:K Λ:L Μ:M Ν:N Ξ:X Ο:O Π:P Ρ:R Σ:S Τ:T Υ:Y Φ:F Χ:CH Ψ:PS Ω:O")
_ARABIC = _letters(
    "ا:A أ:A إ:I آ:A ب:B ت:T ث:TH ج:J ح:H خ:KH د:D ذ:DH ر:R ز:Z س:S ش:SH ص:S ض:D ط:T ظ:Z ع: غ:GH ف:F ق:Q ك:K "
    "ل:L م:M ن:N ه:H و:U ي:I ى:A ة:A ئ: ء: ؤ:U پ:P چ:CH ژ:ZH گ:G ک:K ی:I ە:A"
)
_HEBREW = _letters(
    "א:A ב:B ג:G ד:D ה:H ו:U ז:Z ח:H ט:T י:I כ:K ך:K ל:L מ:M ם:M נ:N ן:N ס:S ע: פ:P ף:P צ:TS ץ:TS ק:K ר:R ש:SH ת:T"
)

TABLE = str.maketrans({**_LATIN, **_CYRILLIC, **_GREEK, **_ARABIC, **_HEBREW})
# In words of these scripts vowels are mostly not written.
CONSONANTAL = frozenset(_ARABIC) | frozenset(_HEBREW)
