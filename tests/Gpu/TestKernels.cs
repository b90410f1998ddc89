using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Tests;

/// <summary>Small kernels for device tests.</summary>
internal static class TestKernels
{
    /// <summary>Scalars of every type beside views, of 8 and 2 elements.</summary>
    public struct MixedArguments
    {
        public ArrayView<double> Result;
        public int Int;
        public ulong ULong;
        public uint UInt;
        public ArrayView<float> Floats;
        public float Float;
        public double Double;
    }

    /// <summary>X [items] and the sums of groups.</summary>
    public struct SumArguments
    {
        public ArrayView<int> X, Sums;
        public int Items;
    }

    /// <summary>X [items] and the number to add.</summary>
    public struct ScaleArguments
    {
        public ArrayView<float> X;
        public int Items;
        public float Added;
    }

    /// <summary>Arrived groups, [1]; the values written alternately, [2, groups]; and the number of rounds.</summary>
    public struct WaitArguments
    {
        public ArrayView<int> Arrived, Written;
        public int Rounds;
    }

    /// <summary>X [n] and seven functions of each element, Y [n, 7].</summary>
    public struct FunctionArguments
    {
        public ArrayView<float> X, Y;
    }

    /// <summary>Writes every argument to the result.</summary>
    public static void Mixed(MixedArguments at)
    {
        if (Group.IdxX > 0 || Grid.IdxX > 0) return;
        at.Result[0] = at.Int;
        at.Result[1] = at.ULong;
        at.Result[2] = at.UInt;
        at.Result[3] = at.Floats[1];
        at.Result[4] = at.Float;
        at.Result[5] = at.Double;
        at.Result[6] = at.Floats.Length;
        at.Result[7] = Grid.DimX;
    }

    /// <summary>x ← 2 x + added.</summary>
    public static void Scale(ScaleArguments at)
    {
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < at.Items; i += Grid.DimX * Group.DimX)
            at.X[i] = 2 * at.X[i] + at.Added;
    }

    /// <summary>Sums a group's items in shared memory.</summary>
    public static void Sum<TMemory>(SumArguments at) where TMemory : struct, IGroupMemory
    {
        ArrayView<int> memory = TMemory.Allocate<int>();
        int item = Grid.IdxX * Group.DimX + Group.IdxX;
        memory[Group.IdxX] = item < at.Items ? at.X[item] : 0;
        for (int stride = Group.DimX / 2; stride > 0; stride /= 2)
        {
            Group.Barrier();
            if (Group.IdxX < stride) memory[Group.IdxX] += memory[Group.IdxX + stride];
        }
        if (Group.IdxX == 0) at.Sums[Grid.IdxX] = memory[0];
    }

    /// <summary>Every group writes its neighbour's value of the previous round plus one.</summary>
    public static void Wait(WaitArguments at)
    {
        int groups = Grid.DimX;
        var barrier = new GridBarrier(at.Arrived, groups, 0);
        for (int round = 0; round < at.Rounds; round++)
        {
            int from = round % 2 * groups, to = groups - from;
            if (Group.IdxX == 0) at.Written[to + Grid.IdxX] = at.Written[from + (Grid.IdxX + 1) % groups] + 1;
            barrier.Wait();
        }
    }

    /// <summary>y = every function of <see cref="FloatMath"/>, seven numbers per x.</summary>
    public static void Functions(FunctionArguments at)
    {
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < at.X.Length; i += Grid.DimX * Group.DimX)
        {
            float x = at.X[i];
            at.Y[7 * i] = FloatMath.Exp(x);
            at.Y[7 * i + 1] = FloatMath.Log(x);
            at.Y[7 * i + 2] = FloatMath.LogP1(x);
            at.Y[7 * i + 3] = FloatMath.Tanh(x);
            at.Y[7 * i + 4] = FloatMath.Sin(x);
            at.Y[7 * i + 5] = FloatMath.Cos(x);
            at.Y[7 * i + 6] = FloatMath.IsFinite(x) ? 1f : 0f;
        }
    }

    /// <summary>Operations that devices do not support.</summary>
    public static void Throwing(ScaleArguments at)
    {
        if (at.Items < 0)
            throw new InvalidOperationException(at.Items.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
