using System.Runtime.Intrinsics;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>What is asked of the rows of a rollout, sixteen numbers at a time.</summary>
internal static unsafe class FloatRow
{
    /// <summary>Whether every number is within its bounds. Bounds are finite numbers: what is not finite is outside.</summary>
    /// <param name="count">A multiple of 16.</param>
    public static bool Inside(float* values, float* low, float* high, int count)
    {
        for (int i = 0; i < count; i += 16)
        {
            Vector512<float> s = Vector512.Load(values + i);
            Vector512<float> inside = Vector512.GreaterThanOrEqual(s, Vector512.Load(low + i))
                & Vector512.LessThanOrEqual(s, Vector512.Load(high + i));
            if (inside.AsInt32() != Vector512<int>.AllBitsSet) return false;
        }
        return true;
    }

    /// <summary>Whether every number is finite.</summary>
    public static bool Finite(float* values, int count)
    {
        Vector512<float> largest = Vector512.Create(float.MaxValue);
        int i = 0;
        for (; i + 16 <= count; i += 16)
            if (Vector512.LessThanOrEqual(Vector512.Abs(Vector512.Load(values + i)), largest).AsInt32() != Vector512<int>.AllBitsSet) return false;
        for (; i < count; i++)
            if (!float.IsFinite(values[i])) return false;
        return true;
    }

    /// <summary>Copies numbers.</summary>
    public static void Copy(float* from, float* to, int count)
    {
        int i = 0;
        for (; i + 16 <= count; i += 16) Vector512.Load(from + i).Store(to + i);
        for (; i < count; i++) to[i] = from[i];
    }
}
