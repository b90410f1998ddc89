using System.Numerics;

namespace Naf.Kernels;

/// <summary>
/// The standard normals of imagination. Step k (from 0) of rollout n takes from a stream the blocks K k .. K k + K − 1, K = ⌈count / 4⌉, as lanes of
/// index n under the learner's seed. A block of words (A, B, C, D) makes four normals by Box and Muller, two of a pair of words:
/// <code>
/// ρ(A) cos 2π φ(B),  ρ(A) sin 2π φ(B),  ρ(C) cos 2π φ(D),  ρ(C) sin 2π φ(D)
/// ρ(w) = √(−2 ln((⌊w / 2⁸⌋ + 1) / 2²⁴)),  φ(w) = ⌊w / 2⁸⌋ / 2²⁴
/// </code>
/// Both quotients are exact in float32, so that every device starts from the same numbers; none is larger than 5.8.
/// </summary>
internal static class RolloutNormals
{
    /// <summary>K: blocks for <paramref name="count"/> normals.</summary>
    public static int Blocks(int count) => (count + 3) / 4;

    /// <summary>Fills <paramref name="normals"/> for one step of one rollout.</summary>
    public static void Fill<T>(ulong seed, RandomStream stream, ulong rollout, int step, Span<T> normals) where T : IFloatingPointIeee754<T>
    {
        int blocks = Blocks(normals.Length);
        for (int i = 0; i < normals.Length; i++)
        {
            PhiloxBlock block = Philox.At(seed, stream, rollout, (uint)(step * blocks + i / 4));
            (uint radius, uint angle) = i % 4 < 2 ? (block.A, block.B) : (block.C, block.D);
            T a = T.CreateChecked((radius >> 8) + 1) / T.CreateChecked(1 << 24), turn = T.CreateChecked(angle >> 8) / T.CreateChecked(1 << 24);
            (T sine, T cosine) = T.SinCos((T.One + T.One) * T.Pi * turn);
            normals[i] = T.Sqrt(-(T.One + T.One) * T.Log(a)) * (i % 2 == 0 ? cosine : sine);
        }
    }
}
