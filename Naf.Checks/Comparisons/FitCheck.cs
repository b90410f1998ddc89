using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;

namespace Naf.Checks.Comparisons;

/// <summary>Holds a device's fit against the oracle in double precision, on episodes drawn for the purpose.</summary>
internal static class FitCheck
{
    /// <summary>How far the fast version is from the reference, over all learners, time steps and elements.</summary>
    /// <param name="F">Largest error of F, in units of the scale, over 1 + its size.</param>
    /// <param name="Offset">Largest error of f, in units of the scale, over 1 + its size.</param>
    /// <param name="N">Largest error of N, in units of the scale, over 1 + its size.</param>
    /// <param name="Packed">Largest error of the packed float32 model against the oracle, in units of the scale, over 1 + its size.</param>
    /// <param name="Single">Whether the fit was in float32.</param>
    public readonly record struct Errors(double F, double Offset, double N, double Packed, bool Single)
    {
        /// <summary>
        /// Largest errors that rounding explains. In double, the inverse of Σ_ii + R magnifies 1e-16 by its condition, about 1 / R = 1e6, and some
        /// hundred terms; the packed model is rounded to float32. In float32 it is 6e-8 times 1e2.
        /// </summary>
        public static double Bound(bool single) => single ? 1e-3 : 1e-7;

        /// <summary>Likewise, of the packed model.</summary>
        public static double PackedBound(bool single) => single ? 1e-3 : 1e-6;

        /// <summary>Whether rounding explains them.</summary>
        public bool Agree => F < Bound(Single) && Offset < Bound(Single) && N < Bound(Single) && Packed < PackedBound(Single);
    }

    /// <param name="single">In float32 on a GPU that has double.</param>
    public static Errors Run(Device device, DynamicsShape shape, FitOptions options, bool single = false)
    {
        GaussianFitSettings settings = SettingsFor(device, options.Settings, single);
        using var fit = new GaussianFit(device, shape, options.Learners, options.Episodes, settings, single);
        FitData data = FitData.Draw(shape, options);
        data.Store(fit);
        fit.Poison();
        fit.Fit(data.Prior, data.Scale);
        return Compare(fit, data);
    }

    /// <summary>What float32 can bear where a device has no double.</summary>
    internal static GaussianFitSettings SettingsFor(Device device, GaussianFitSettings settings, bool single = false) =>
        single || device is GpuDevice { Limits.HasDouble: false }
            ? new GaussianFitSettings { Ridge = Math.Max(settings.Ridge, 1e-2), NoiseFloor = Math.Max(settings.NoiseFloor, 1e-2) }
            : settings;

    /// <summary>The last fit of <paramref name="data"/> against the oracle.</summary>
    internal static Errors Compare(GaussianFit fit, FitData data, bool through = false)
    {
        DynamicsShape shape = fit.Shape;
        (int s, int inputs, int row) = (shape.State, shape.Input, shape.PackedRow);
        double ofF = 0, ofOffset = 0, ofN = 0, ofPacked = 0;
        for (int k = 0; k < fit.Learners; k++)
        {
            FitOracle oracle = FitOracle.Fit(data.Only(k), fit.Settings, through);
            (double[] f, double[] offset, double[] n) = fit.Model(k);
            float[] packed = fit.Packed(k);
            double[] scale = data.ScaleOf(k), unit = [.. scale.Select(u => u > 0 ? u : 1)];
            for (int i = 0; i < f.Length; i++) Add(ref ofF, f[i], oracle.F[i], unit[inputs + i / inputs % s] / unit[i % inputs]);
            for (int i = 0; i < offset.Length; i++) Add(ref ofOffset, offset[i], oracle.Offset[i], unit[inputs + i % s]);
            for (int i = 0; i < n.Length; i++) Add(ref ofN, n[i], oracle.N[i], unit[inputs + i / s % s] * unit[inputs + i % s]);
            for (int i = 0; i < packed.Length; i++)
            {
                (int column, int entry) = (i % shape.PackedStep / row, Math.Min(i % row, s - 1));
                Add(ref ofPacked, packed[i], oracle.Packed[i], unit[inputs + entry] / (column < inputs ? unit[column] : 1));
            }
        }
        return new Errors(ofF, ofOffset, ofN, ofPacked, !fit.IsDouble);

        static void Add(ref double largest, double actual, double expected, double unit)
        {
            double error = Math.Abs(actual - expected) * unit / (1 + Math.Abs(expected) * unit);
            // finite first: a maximum would pass over a NaN
            largest = double.IsFinite(error) ? Math.Max(largest, error) : double.PositiveInfinity;
        }
    }
}
