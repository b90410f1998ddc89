using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;

namespace Naf.Kernels.Network.Cpu;

/// <summary>What is done to a product's elements before they are stored.</summary>
internal unsafe interface IFinish
{
    /// <param name="gate">The same elements of another matrix.</param>
    static abstract Vector512<float> Apply(Vector512<float> c, float* gate);
}

/// <summary>Nothing.</summary>
internal readonly unsafe struct NoFinish : IFinish
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<float> Apply(Vector512<float> c, float* gate) => c;
}

/// <summary>max(c, 0); what is not a number stays so.</summary>
internal readonly unsafe struct ReluFinish : IFinish
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> c, float* gate) => MaxNative(Vector512<float>.Zero, c);
}

/// <summary>c where the gate is above 0, else 0: the ReLU's derivative.</summary>
internal readonly unsafe struct GateFinish : IFinish
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> c, float* gate) =>
        ConditionalSelect(GreaterThan(Load(gate), Vector512<float>.Zero), c, Vector512<float>.Zero);
}

/// <summary>A count of vectors as a type, so that the compiler unrolls for it.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct Count1 : ICount { public static int Value => 1; }
internal readonly struct Count2 : ICount { public static int Value => 2; }
internal readonly struct Count3 : ICount { public static int Value => 3; }
internal readonly struct Count4 : ICount { public static int Value => 4; }
internal readonly struct Count5 : ICount { public static int Value => 5; }
internal readonly struct Count6 : ICount { public static int Value => 6; }
internal readonly struct Count7 : ICount { public static int Value => 7; }
