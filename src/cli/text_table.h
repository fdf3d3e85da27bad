/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for people: columns as wide as their widest cell on a terminal.  Cells are made printable
 * when they are added.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    TEXT_TABLE_COLUMNS_MAX = 16
};

struct text_table;

/* A table with this row of titles, which must outlive it. */
struct text_table *text_table_create(const char *const *titles, uint32_t columns);
void text_table_destroy(struct text_table *table);

/* Numbers of this column end below each other. */
void text_table_align_right(struct text_table *table, uint32_t column);

/* Cells of this column have at most so many columns; of longer ones the middle is left out. */
void text_table_shorten(struct text_table *table, uint32_t column, size_t most);

/* Add a row; each cell is copied.  NULL: "-". */
void text_table_add(struct text_table *table, const char *const *cells);

/* Shorten the cells of such columns once more, to `least` columns at the least, so that the table
 * has at most `width` of them.  After the last row was added. */
void text_table_fit(struct text_table *table, size_t width, size_t least);

/* With `indent` spaces before each line, and no spaces at its end.  Without titles if
 * `has_titles` is false. */
void text_table_print(const struct text_table *table, FILE *out, int indent, bool has_titles);
