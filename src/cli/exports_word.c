/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exports_word.h"

#include <string.h>

enum {
    END = -1,
    OCTAL_DIGITS = 3,
};

void exports_words_init(struct exports_words *words, const char *data, size_t len)
{
    *words = (struct exports_words){.data = data, .len = len, .line = 1};
}

/* The character `ahead` of the next one; END behind the last. */
static int look(const struct exports_words *words, size_t ahead)
{
    return ahead < words->len - words->at ? (unsigned char)words->data[words->at + ahead] : END;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_joint(const struct exports_words *words)
{
    return look(words, 0) == '\\' && look(words, 1) == '\n';
}

static void advance(struct exports_words *words)
{
    if (look(words, 0) == '\n')
        words->line++;
    words->at++;
}

static bool ends_line(const struct exports_words *words)
{
    return look(words, 0) == '\n' || look(words, 0) == END;
}

bool exports_words_next(struct exports_words *words, bool over_lines)
{
    for (;;) {
        int c = look(words, 0);

        if (is_joint(words)) {
            advance(words);
            advance(words);
        } else if (is_blank(c) || (c == '\n' && over_lines)) {
            advance(words);
        } else if (c == '#') { /* a backslash joins no line to a comment */
            while (!ends_line(words))
                advance(words);
        } else {
            return c != END && c != '\n';
        }
    }
}

static int octal(int c)
{
    return c >= '0' && c <= '7' ? c - '0' : END;
}

/* "\040": a backslash and three digits.  END: there is no such thing here. */
static int escape_read(const struct exports_words *words)
{
    int value = 0;

    if (look(words, 0) != '\\')
        return END;
    for (size_t i = 1; i <= OCTAL_DIGITS; i++) {
        int digit = octal(look(words, i));

        if (digit == END)
            return END;
        value = value * 8 + digit;
    }
    return value;
}

/* The next character of a word, and whether it stands for itself alone. */
static int char_read(struct exports_words *words, bool *escaped)
{
    int value = escape_read(words);

    *escaped = value != END;
    if (!*escaped)
        value = look(words, 0);
    for (int i = 0; i < (*escaped ? 1 + OCTAL_DIGITS : 1); i++)
        advance(words);
    return value;
}

static bool is_end(const struct exports_words *words, const char *ends)
{
    int c = look(words, 0);

    return is_blank(c) || is_joint(words) || (c > 0 && strchr(ends, c));
}

const char *exports_word_read(struct exports_words *words, const char *ends,
                              struct exports_word *word)
{
    bool quoted = false, escaped;
    size_t len = 0;

    word->line = words->line;
    word->text[0] = '\0';
    while (!ends_line(words) && (quoted || !is_end(words, ends))) {
        int value = char_read(words, &escaped);

        if (value == '"' && !escaped) {
            quoted = !quoted;
            continue;
        }
        if (value <= 0 || value > 0xff)
            return value == 0 ? "a NUL byte" : "an octal escape stands for more than a byte";
        if (len == sizeof(word->text) - 1)
            return "the word is too long";
        word->text[len++] = (char)value;
    }
    word->text[len] = '\0';
    return quoted ? "a quote that nothing closes before the end of the line" : NULL;
}

bool exports_words_take(struct exports_words *words, char c)
{
    if (look(words, 0) != c)
        return false;
    advance(words);
    return true;
}

void exports_words_skip(struct exports_words *words)
{
    while (!ends_line(words)) {
        if (is_joint(words))
            advance(words);
        advance(words);
    }
}
