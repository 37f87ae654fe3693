"""The names by which exports call a field of ours, best first; compared without case, accents, blanks and marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        "text", "review text", "full review", "review", "my review", "review content", "review body", "content", "body",
        "comment text", "comment", "comments", "reviews", "reviews text", "text review", "review comment", "feedback",
        "review description", "written review", "user review", "customer review", "review message", "message",
        "review detail", "review details", "caption", "opinion", "verbatim", "response text", "text original",
        "comment guest", "guest comment", "guest comments", "customer comment", "customer comments", "guest review",
        # Russian, Ukrainian
        "Отзыв", "Текст", "Текст отзыва", "Отзывы", "Рецензия", "Комментарий", "Комментарии", "Відгук",
        # Turkish
        "Yorum", "Yorumlar", "Yorum metni", "Görüş", "Görüşler", "İnceleme", "Metin", "Değerlendirme",
        # German, French, Spanish, Italian, Portuguese, Dutch, Polish
        "Kommentar", "Kommentare", "Rezension", "Rezensionen", "Rezensionstext", "Bewertungstext", "Kritik",
        "Bewertung",
        "avis", "commentaire", "commentaires", "texte", "critique", "contenu",
        "reseña", "reseñas", "opinión", "opiniones", "comentario", "comentarios", "texto", "crítica", "contenido",
        "recensione", "recensioni", "commento", "commenti", "testo", "opinione",
        "avaliação", "resenha", "comentário", "comentários", "opinião", "conteúdo",
        "beoordeling", "recensie", "recenzja", "opinia", "komentarz", "treść",
        # Chinese, Japanese, Korean, Arabic
        "评论", "评论内容", "内容", "評論", "レビュー", "レビュー本文", "本文", "口コミ", "리뷰", "내용",
        "مراجعة", "نص",
    ),
    "title": (
        "film", "movie", "product", "item", "book", "restaurant", "game", "hotel", "place", "destination", "app",
        "film title", "movie title", "book title", "game title", "product title", "film name", "movie name",
        "game name",
        "product name", "item name", "book name", "hotel name", "restaurant name", "place name", "business name",
        "app name", "company", "company name", "title", "Название фильма", "Фильм", "Film adı", "Ürün", "Ürün adı",
        "Produkt", "produit", "producto", "prodotto", "produto", "película", "filme", "libro", "livre", "Buch",
    ),
    "critic": (
        "critic", "critic name", "author", "author name", "reviewer", "reviewer name", "user", "username", "user name",
        "author title", "profile name", "display name", "nickname", "reviewed by", "review author", "customer name",
        "who wrote", "who wrote it", "written by", "customer", "guest", "guest name", "reviewer display name",
        "Автор", "Пользователь", "Yazar", "Kullanıcı", "Kullanıcı adı", "Autor", "Verfasser", "auteur", "autore",
        "usuario", "utente", "usuário", "作者", "用户名", "名前",
    ),
    "outlet": (
        "outlet", "publication", "publisher", "newspaper", "source", "site", "website", "portal", "review portal",
        "review site", "review source", "Источник", "Quelle",
    ),
    "date": (
        "date", "review date", "date of review", "published date", "published", "published at", "publish date",
        "created at", "date created", "posted", "posted at", "posted on", "time", "timestamp", "at", "submission date",
        "date posted", "datetime", "review time", "watched date", "date read", "date added", "when",
        "written on", "reviewed on", "submitted", "submitted at", "submitted on", "created", "created on", "Дата",
        "Tarih",
        "Tarihler", "Datum", "fecha", "data", "日期", "날짜", "日付",
    ),
    "rating": (
        "my rating", "rating", "score", "stars", "star", "review score", "grade", "review rating", "overall",
        "overall rating", "user rating", "star rating", "review stars", "rating value", "Оценка", "Рейтинг", "Puan",
        "Bewertung", "Sterne", "note", "étoiles", "puntuación", "calificación", "valoración", "voto", "punteggio",
        "nota", "avaliação", "评分", "評価", "평점",
    ),
    "url": ("url", "link", "review url", "review link", "permalink", "letterboxd uri", "page link", "Ссылка"),
    "lang": ("lang", "language", "review language", "Язык", "Dil", "Sprache", "langue", "idioma", "lingua"),
    "id": ("id", "review id", "comment id", "recommendation id", "Yorum kimliği"),
}  # fmt: skip

EXPORTED = ("id", "title", "kind", "critic", "outlet", "date", "rating", "url", "lang", "text")
"""The header of our own exports as CSV."""

# May be the rating as well: taken for the text only where its cells are sentences.
AMBIGUOUS_TEXT = ("Bewertung", "Değerlendirme", "avaliação", "beoordeling", "opinion", "caption", "critique")
# Never guessed to be the text, however long: what is reviewed speaks there, or the answer to the review.
NEVER_TEXT = (
    "description", "plot", "overview", "synopsis", "storyline", "about", "abstract", "private notes", "bio", "cast",
    "genres", "tags", "categories", "bookshelves", "owner answer", "response", "company response", "reply", "url",
    "photos", "images", "features", "title", "summary", "headline", "review title", "cleaned reviews", "clean text",
)  # fmt: skip
# Columns of a list of books: there "author" wrote the book and "publisher" printed it.
BOOK_COLUMNS = ("isbn", "isbn13", "binding", "number of pages", "original publication year", "year published")
# What names the item by a number; a "title" that changes under one of them is a headline.
ITEM_IDS = (
    "asin", "parent asin", "product id", "item id", "business id", "hotel id", "restaurant id", "place id", "app id",
    "movie id", "film id", "game id", "book id", "gmap id", "isbn",
)  # fmt: skip
# Other names that only a header row holds.
OTHER_LABELS = (
    "name", "year", "position", "tags", "email", "country", "city", "category", "price", "verified",
    "verified purchase",
    "helpful", "helpful vote", "likes", "like count", "votes", "label", "sentiment", "liked", "spoiler", "version",
    "summary", "headline", "review title", "description", "address", "status", "reply", "channel id", "video id",
)  # fmt: skip


_SCALE = re.compile(
    r"\s*[(\[]\W*(?:\d+\W+\d+|(?:out of|of|max|maximum)\W*\d+|utc|gmt|[dmy]+\W[dmy]+\W[dmy]+)\W*[)\]]\W*$",
    re.IGNORECASE,
)
"""What stands in brackets behind a name and changes nothing of what it holds: (1-5), (out of 10), (UTC)."""


def plain(name: str) -> str:
    """A name without what exports write differently: case, accents, blanks, marks, a scale in brackets."""
    name = _SCALE.sub("", name) or name
    letters = unicodedata.normalize("NFKD", name.replace("ı", "i").replace("İ", "I").casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in letters if not unicodedata.combining(c)))


PLAIN_NAMES: Mapping[str, tuple[str, ...]] = {
    field: tuple(dict.fromkeys(map(plain, names))) for field, names in KNOWN_NAMES.items()
}
PLAIN_AMBIGUOUS = frozenset(map(plain, AMBIGUOUS_TEXT))
PLAIN_NEVER_TEXT = frozenset(map(plain, NEVER_TEXT))
PLAIN_BOOK_COLUMNS = frozenset(map(plain, BOOK_COLUMNS))
PLAIN_ITEM_IDS = frozenset((*map(plain, ITEM_IDS),))
PLAIN_LABELS = frozenset(n for names in PLAIN_NAMES.values() for n in names) | frozenset(
    map(plain, (*ITEM_IDS, *BOOK_COLUMNS, *OTHER_LABELS))
)
