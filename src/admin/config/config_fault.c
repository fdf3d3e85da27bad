/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    TEXT_BYTES = 1024
};

/* How many bytes the character at `c` has; 0: it is cut off.  What is printed was UTF-8 before it
 * was cut. */
static size_t character_bytes(const unsigned char *c)
{
    size_t bytes = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;

    for (size_t i = 1; i < bytes; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    return bytes;
}

/* Control characters, also those of two bytes (U+0080 to U+009F), could steer the terminal. */
static bool is_control(const unsigned char *c)
{
    return *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0);
}

static void defuse(char *text)
{
    unsigned char *c = (unsigned char *)text;

    while (*c) {
        size_t bytes = character_bytes(c);

        if (bytes == 0 || is_control(c))
            memset(c, '?', bytes ? bytes : 1);
        c += bytes ? bytes : 1;
    }
}

void config_faults_add(struct config_faults *faults, uint32_t line, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;

    faults->count++;
    if (faults->kept == LIMIT_CONFIG_FAULTS)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    defuse(text);
    faults->of[faults->kept++] = (struct config_fault){line, must_strdup(text)};
}

/* Insertion: they are few and nearly in order. */
void config_faults_sort(struct config_faults *faults)
{
    for (uint32_t i = 1; i < faults->kept; i++) {
        struct config_fault fault = faults->of[i];
        uint32_t at = i;

        for (; at > 0 && faults->of[at - 1].line > fault.line; at--)
            faults->of[at] = faults->of[at - 1];
        faults->of[at] = fault;
    }
}

void config_faults_fini(struct config_faults *faults)
{
    for (uint32_t i = 0; i < faults->kept; i++)
        free(faults->of[i].text);
    *faults = (struct config_faults){0};
}
