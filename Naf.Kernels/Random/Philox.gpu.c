// Philox4x32-10: block = f(key = seed, counter = (index, lane, stream)); the same words as Philox.cs

typedef struct { uint a, b, c, d; } PhiloxBlock;

DEVICE PhiloxBlock philox(ulong seed, uint stream, ulong index, uint lane)
{
    uint c0 = (uint)index, c1 = (uint)(index >> 32), c2 = lane, c3 = stream, k0 = (uint)seed, k1 = (uint)(seed >> 32);
    for (int round = 0; round < 10; round++)
    {
        uint high0 = MUL_HIGH(0xD2511F53u, c0), low0 = 0xD2511F53u * c0, high1 = MUL_HIGH(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    PhiloxBlock block = { c0, c1, c2, c3 };
    return block;
}

DEVICE uint philox_word(PhiloxBlock block, int word)
{
    return word == 0 ? block.a : word == 1 ? block.b : word == 2 ? block.c : block.d;
}

// 0 .. count-1 from a word, without division
DEVICE int philox_index(uint word, int count) { return (int)MUL_HIGH(word, (uint)count); }
