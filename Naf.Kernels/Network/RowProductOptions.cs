using System.Runtime.CompilerServices;

namespace Naf.Kernels;

/// <summary>What is done to a product's element before it is stored.</summary>
internal unsafe interface IFinish<TVector>
{
    /// <param name="gate">The same elements of another matrix.</param>
    static abstract TVector Apply(TVector c, float* gate);
}

/// <summary>Nothing.</summary>
internal readonly unsafe struct NoFinish<TVector> : IFinish<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static TVector Apply(TVector c, float* gate) => c;
}

/// <summary>max(c, 0).</summary>
internal readonly unsafe struct ReluFinish<TLanes, TVector> : IFinish<TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static TVector Apply(TVector c, float* gate) => TLanes.Max(TLanes.All(0), c);
}

/// <summary>c where the gate is above 0, else 0: the ReLU's derivative.</summary>
internal readonly unsafe struct GateFinish<TLanes, TVector> : IFinish<TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static TVector Apply(TVector c, float* gate) => TLanes.Gate(c, TLanes.Load(gate));
}

/// <summary>A count of registers as a type, so that the compiler unrolls for it.</summary>
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
