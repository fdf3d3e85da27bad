/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main() of a fuzz target in a build without libFuzzer: feeds every file of the folders
 * named on the command line to LLVMFuzzerTestOneInput. No input at all is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_INPUT_BYTES_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "rb");

    if (!file || fstat(fileno(file), &st) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISREG(st.st_mode) || st.st_size > REPLAY_INPUT_BYTES_MAX) {
        (void)fclose(file);
        return 0;
    }

    /* Exactly the input's size, so that AddressSanitizer sees a read past its end. */
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    (void)fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static unsigned replay_folder(const char *folder)
{
    unsigned count = 0;
    char path[4096];
    struct dirent *entry;
    DIR *dir = opendir(folder);

    if (!dir) {
        perror(folder);
        exit(1);
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        count += (unsigned)replay_file(path);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++)
        count += replay_folder(argv[i]);
    printf("%u inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
