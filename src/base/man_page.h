/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manual pages (man(7)), which each program makes from the tables of its options and commands.
 */
#pragma once

#include <stdio.h>

/* The head of NAME(SECTION) and its first part, NAME. */
void man_page_begin(FILE *out, const char *name, int section, const char *summary);

/* A part such as OPTIONS, or a part of one. */
void man_page_section(FILE *out, const char *title);
void man_page_subsection(FILE *out, const char *title);

/* Text with its special characters escaped: a paragraph, a term with its explanation, lines that
 * stay as they are. */
void man_page_paragraph(FILE *out, const char *text);
void man_page_item(FILE *out, const char *term, const char *text);
void man_page_item_more(FILE *out, const char *text); /* one more paragraph of it */
void man_page_example(FILE *out, const char *text);

/* SYNOPSIS, DESCRIPTION, OPTIONS and EXAMPLES from what --help prints: "usage: " and its indented
 * lines, "example: ", paragraphs, and options that are indented by 2 with their explanation, which
 * may go on in lines that are indented by 16 and more. */
void man_page_usage(FILE *out, const char *usage);

/* The last part: other pages, such as "mainstayd(8)", the last one NULL. */
void man_page_see_also(FILE *out, const char *const *pages);
