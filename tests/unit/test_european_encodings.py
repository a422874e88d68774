"""Texts of Europe in the code pages of their countries are read in the right one."""

from pathlib import Path

import pytest

from ingest.errors import DamagedFileError
from ingest.loaders.text.encoding import decode
from ingest.loaders.text.reading import read_text

NOTES = {
    "German": (
        "Die Größe der Wohnung beträgt 85 m² – siehe § 12.\n"
        "Der Käufer „zahlt“ 500 € für die Straße.\n"
    ),
    "French": (
        "La société a été créée à Besançon – voir § 3.\nLe prix : 30 € par m², « très élevé ».\n"
    ),
    "Polish": (
        "Wniosek należy złożyć wcześniej – zob. § 4.\n"
        "Śnieg jest ładny, „świeży” i kosztuje 5 € za m².\n"
    ),
    "Czech": (
        "Příliš žluťoučký kůň úpěl ďábelské ódy.\n"
        "Zaměstnanec má nárok – viz § 7 – na „dovolenou“ při 20 °C.\n"
    ),
    "Hungarian": (
        "A szerződés a mai napon lép életbe – lásd 5. §.\n"
        "Az ügyfél „őszintén” fizet 20 € összeget, hűtő nélkül.\n"
    ),
    "Croatian": (
        "Ugovor stupa na snagu danas – vidi § 3.\n"
        "Kupac plaća „točno“ 20 € za čaše i šećer, kao što će biti.\n"
    ),
    "Romanian": (
        "Contractul intră în vigoare astăzi – vezi § 2.\n"
        "Clientul plăteşte „exact” 30 € pentru această maşină şi ţeavă.\n"
    ),
    "Turkish": (
        "Sözleşme bugün yürürlüğe girer – bkz. § 3.\n"
        "Müşteri “tam” 20 € öder, çünkü ışık açık değildir.\n"
    ),
    "Spanish": (
        "El señor Núñez pagará mañana – véase § 4.\n"
        "¿Qué precio? 20 € por m², según «la compañía».\n"
    ),
    "Russian": (
        "Договор вступает в силу сегодня – см. § 3.\nПокупатель «обязан» заплатить 20 € за м².\n"
    ),
    "Greek": (
        "Η σύμβαση τίθεται σε ισχύ σήμερα – βλ. § 3.\n"
        "Ο πελάτης πληρώνει «ακριβώς» 20 € για το σπίτι.\n"
    ),
}
"""Two lines with the signs that such texts hold."""
PROSE = {
    "German": (
        "Die Prüfung der Bücher übernimmt der Geschäftsführer. Äußerungen über "
        "Löhne gehören nicht ins Protokoll.\n"
        "Bei 20 °C ist das Öl zähflüssig, und die Dämpfe müssen abgeführt werden.\n"
        "Für größere Räume gilt die Höhe von 3 m³ je Stück.\n"
    ),
    "French": (
        "L'élève doit être présent à l'école où ses parents l'ont inscrit. La "
        "forêt brûle à 300 °C.\n"
        "Le cœur du problème, c’est la tâche confiée au maître d'œuvre.\n"
        "Noël approche et les fenêtres sont gelées.\n"
    ),
    "Polish": (
        "Każdy pracownik ma prawo do urlopu wypoczynkowego, jeżeli przepracował sześć miesięcy.\n"
        "Książka leży na półce, a źródło bije pod górą. Łódź płynie rzeką, gdzie żyją ryby.\n"
        "Temperatura sięga 30 °C, więc dzień będzie gorący.\n"
    ),
    "Czech": (
        "Smlouva nabývá účinnosti dnem podpisu oběma stranami. Kupující zaplatí "
        "kupní cenu do třiceti dnů.\n"
        "Život v městě není vždy jednoduchý; šťastní lidé však neměří čas. "
        "Ředitel přišel později.\n"
        "Plocha činí 50 m² a výška tři metry.\n"
    ),
    "Hungarian": (
        "Az árvíztűrő tükörfúrógép egy különös szerszám. A felhasználó köteles "
        "megőrizni a számlát.\n"
        "Ősszel a hőmérséklet 10 °C alá süllyed, és az időjárás hűvös lesz.\n"
        "A terület nagysága 40 m², ahogy a tervező közölte.\n"
    ),
    "Croatian": (
        "Svaki zaposlenik ima pravo na godišnji odmor. Žena je došla kući s djecom i našla ključ.\n"
        "Čovjek koji radi u tvornici često piše izvješća. Đak uči u školi, a "
        "među njima ima sreće.\n"
        "Temperatura je 25 °C, a površina 60 m².\n"
    ),
    "Romanian": (
        "Fiecare angajat are dreptul la concediu. Copiii învaţă la şcoală şi "
        "citesc cărţi în fiecare zi.\n"
        "În grădină sunt mulţi pomi, iar iarna temperatura scade sub 0 °C. "
        "România are munţi înalţi.\n"
        "Suprafaţa este de 45 m².\n"
    ),
    "Turkish": (
        "Şirket İstanbul'da kuruldu ve bir yıl içinde büyüdü. Çalışanların "
        "yıllık izin hakkı vardır.\n"
        "Öğrenciler okula gider, öğretmenler ders anlatır. Sıcaklık 30 °C "
        "olduğunda dışarı çıkmayın.\n"
        "Alan 50 m² olarak ölçülmüştür.\n"
    ),
    "Spanish": (
        "La sesión comenzó a las ocho de la mañana con la intervención del secretario. ¡Atención!\n"
        "Los niños jugarán en el jardín y después irán al baño. El pingüino está aquí.\n"
        "La temperatura es de 30 °C en los últimos años.\n"
    ),
    "Russian": (
        "Все сотрудники имеют право на отпуск. Заявление подаётся за три дня до его начала.\n"
        "Температура воды 20 °C. Щётки, ящики и эти вещи лежат в подъезде.\n"
        "Юридический адрес указан в приложении № 5.\n"
    ),
    "Greek": (
        "Κάθε εργαζόμενος δικαιούται άδεια. Όλα τα παιδιά πηγαίνουν στο σχολείο το πρωί.\n"
        "Η θερμοκρασία είναι 30 °C. Ύστερα ήρθε ο διευθυντής και μίλησε με τους υπαλλήλους.\n"
        "Άλλες υπηρεσίες θα ανακοινωθούν, καθώς και οι ώρες τους.\n"
    ),
}
WESTERN = ("cp1252", "iso8859_1", "iso8859_15", "cp437", "cp850", "mac_roman")
CENTRAL = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
CODE_PAGES = {
    "German": (*WESTERN, *CENTRAL),
    "French": WESTERN,
    "Spanish": WESTERN,
    "Polish": CENTRAL,
    "Czech": CENTRAL,
    "Hungarian": CENTRAL,
    "Croatian": (*CENTRAL, "mac_croatian"),
    "Romanian": ("cp1250", "iso8859_2", "cp852"),
    "Turkish": ("cp1254", "iso8859_9", "cp857", "mac_turkish"),
    "Russian": ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"),
    "Greek": ("cp1253", "iso8859_7", "cp737", "cp869", "mac_greek"),
}
EACH = [(language, codec) for language, codecs in CODE_PAGES.items() for codec in codecs]


@pytest.mark.parametrize(("language", "codec"), EACH)
def test_a_page_is_read_with_its_letters_and_signs(language: str, codec: str) -> None:
    data = ((NOTES[language] + PROSE[language]) * 4).encode(codec, "ignore")

    decoded = decode(data)

    assert decoded.text == data.decode(codec)
    assert decoded.plausible


@pytest.mark.parametrize("texts", [NOTES, PROSE])
@pytest.mark.parametrize(("language", "codec"), EACH)
def test_a_few_lines_are_enough(language: str, codec: str, texts: dict[str, str]) -> None:
    # "ignore": older code pages lack the euro, curly quotes, or "§"
    data = texts[language].encode(codec, "ignore")

    decoded = decode(data)

    assert decoded.text == data.decode(codec)
    assert decoded.plausible


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "The firm's price at 37° costs £12 or 5 m² ± 2.\n"),
        ("cp850", "The firm’s price – 5 µg at 37 °C costs £12.\n"),
        ("mac_roman", "RÉPUBLIQUE FRANÇAISE – DÉCRET\nÀ TOUS LES ÉLÈVES: FORÊT ET CHÂTEAU\n"),
        ("iso8859_2", "USTAWA O ŚWIADCZENIACH PIENIĘŻNYCH\nPRZEPISY KOŃCOWE I PRZEJŚCIOWE\n"),
        ("cp852", "Zażółć gęślą jaźń. Każdy pracownik ma prawo do urlopu.\n"),
        ("cp1252", "Størrelsen på 5 m² – se § 4 – er målt før levering.\n"),
        ("cp1252", "A operação não será concluída amanhã; 5 m² e 2ª via.\n"),
        ("cp1252", "Åtgärden är på väg till Malmö; 5 µg per m² och ½ liter.\n"),
        ("iso8859_2", "Zmluva nadobúda účinnosť dňom podpisu, ak ľudia súhlasia.\n"),
        ("cp1257", "Sutartis įsigalioja šiandien, kuris yra didesnis už ąžuolą.\n"),
        ("cp1257", "Līgums stājas spēkā šodien. Cilvēks dzīvo mājā, kas ir lielāka.\n"),
        ("cp1125", "Працівник має право на відпустку, її тривалість – 24 дні.\n"),
        ("mac_cyrillic", "Працівник має право на відпустку, її тривалість – 24 дні.\n"),
        ("cp1255", "כל עובד זכאי לחופשה של חמישה עשר ימים בשנה.\n"),
        ("cp1252", "Die Firma Société Générale, Peña y Cía. und São Paulo liefern nach Zürich.\n"),
    ],
)
def test_neighbouring_languages_and_signs_are_read(codec: str, text: str) -> None:
    data = text.encode(codec, "ignore")

    assert decode(data).text == data.decode(codec)


@pytest.mark.parametrize(("language", "codec"), EACH)
def test_what_is_read_wrongly_is_never_called_certain(language: str, codec: str) -> None:
    for line in (NOTES[language] + PROSE[language]).splitlines():
        data = line.encode(codec, "ignore")
        decoded = decode(data)

        assert decoded.text == data.decode(codec) or not decoded.certain


def test_letters_of_no_language_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(
        "Zażółć gęślą jaźń, źle śpię. ".encode("cp852").translate(bytes(reversed(range(256))))
    )

    with pytest.raises(DamagedFileError, match=r"old\.txt"):
        read_text(path)
