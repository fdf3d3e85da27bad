/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that `mainstay top` shows: numbers that stay numbers until they are printed, so that
 * they can be sorted, and texts that are safe for a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOP_COLUMNS_MAX = 10,
    TOP_NOTES_MAX = 6,
    TOP_CELL_BYTES = 32, /* of a number as text */
};

enum top_kind {
    TOP_TEXT,
    TOP_COUNT,
    TOP_RATE,    /* each second */
    TOP_SECONDS, /* a duration */
};

struct top_column {
    const char *name;  /* of --sort and of JSON */
    const char *title; /* on the screen */
    enum top_kind kind;
    uint8_t width; /* on the screen; of a text at the least */
    uint8_t rank;  /* where there is no room the highest ranks are left out; 0: stays */
};

struct top_cell {
    double number; /* NAN: not known */
    char *text;    /* of TOP_TEXT alone */
};

struct top_row {
    char *key;   /* the same in the next sample, and what equal rows are sorted by; rows that lead
                  * to the same client share it */
    bool is_odd; /* what it is about does not go well: shown in another colour */
    struct top_cell cells[TOP_COLUMNS_MAX];
};

struct top_table {
    const struct top_column *columns;
    uint32_t column_count;
    struct top_row *rows;
    size_t count, room;
    size_t hidden;              /* rows that top_table_filter() has removed */
    char *notes[TOP_NOTES_MAX]; /* lines above the table */
    uint32_t note_count;
};

void top_table_init(struct top_table *table, const struct top_column *columns, uint32_t count);
void top_table_fini(struct top_table *table);

/* A row without values; the caller fills it before it adds the next. */
struct top_row *top_table_add(struct top_table *table, const char *key);

/* Set a text, which is made printable; NULL: none. */
void top_row_text(struct top_row *row, uint32_t column, const char *text);

/* Add a line above the table, which is made printable.  Too many are left out. */
void top_table_note(struct top_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keep the rows of which a text has `part`, in whatever case.  "": all. */
void top_table_filter(struct top_table *table, const char *part);

/* Unknown values come last, whichever the direction. */
void top_table_sort(struct top_table *table, uint32_t column, bool descending);

/* A cell as text: "12.3k", "250 us", "-".  `text` is for numbers. */
const char *top_cell_text(const struct top_cell *cell, enum top_kind kind,
                          char text[TOP_CELL_BYTES]);

/* Numbers as people read them. */
void top_print_count(double number, char text[TOP_CELL_BYTES]);
void top_print_seconds(double seconds, char text[TOP_CELL_BYTES]);
void top_print_bytes(double bytes, char text[TOP_CELL_BYTES]);
