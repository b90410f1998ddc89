using System.Numerics;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;

namespace Naf.Checks.Comparisons;

/// <summary>Compares a device's fit with the oracle in double precision, on random episodes.</summary>
internal static class FitCheck
{
    /// <summary>
    /// Largest error of F, f and N due to rounding. In double, the inverse of Σ_ii + R magnifies 1e-16 by its condition
    /// number, about 1 / R = 1e6, and some hundred terms. In float32 it is 6e-8 times 1e2.
    /// </summary>
    public static double Bound(bool single) => single ? 1e-3 : 1e-7;

    /// <param name="single">Whether to use float32 on a GPU that has double.</param>
    public static KernelError[] Run(Device device, DynamicsShape shape, FitOptions options, bool single = false)
    {
        GaussianFitSettings settings = SettingsFor(device, options.Settings, single);
        using var fit = new GaussianFit(device, shape, options.Learners, options.Episodes, settings, single);
        FitData data = FitData.Draw(shape, options);
        data.Store(fit);
        fit.Poison();
        fit.Fit(data.Prior, data.Scale);
        return Compare(fit, data);
    }

    /// <summary>Settings that float32 can handle, for a device without double.</summary>
    internal static GaussianFitSettings SettingsFor(Device device, GaussianFitSettings settings, bool single = false) =>
        single || device is GpuDevice { Limits.HasDouble: false }
            ? new GaussianFitSettings
            {
                Ridge = Math.Max(settings.Ridge, 1e-2), NoiseFloor = Math.Max(settings.NoiseFloor, 1e-2)
            }
            : settings;

    /// <summary>
    /// Compares the last fit of <paramref name="data"/> with the oracle: F, f, N and the packed model, which is in
    /// float32; errors are relative to 1 + the size, in units of the scale.
    /// </summary>
    internal static KernelError[] Compare(GaussianFit fit, FitData data, bool through = false)
    {
        DynamicsShape shape = fit.Shape;
        (int s, int inputs, int row) = (shape.State, shape.Input, shape.PackedRow);
        double ofF = 0, ofOffset = 0, ofN = 0, ofPacked = 0;
        for (int k = 0; k < fit.Learners; k++)
        {
            FitOracle oracle = FitOracle.Fit(data.Only(k), fit.Settings, through);
            (double[] f, double[] offset, double[] n) = fit.Model(k);
            double[] scale = data.ScaleOf(k), unit = [.. scale.Select(u => u > 0 ? u : 1)];
            Add(ref ofF, f, oracle.F, i => unit[inputs + i / inputs % s] / unit[i % inputs]);
            Add(ref ofOffset, offset, oracle.Offset, i => unit[inputs + i % s]);
            Add(ref ofN, n, oracle.N, i => unit[inputs + i / s % s] * unit[inputs + i % s]);
            Add(ref ofPacked, fit.Packed(k), oracle.Packed, i =>
            {
                (int column, int entry) = (i % shape.PackedStep / row, Math.Min(i % row, s - 1));
                return unit[inputs + entry] / (column < inputs ? unit[column] : 1);
            });
        }
        double bound = Bound(!fit.IsDouble);
        return
        [
            new("fit: F", ofF, bound), new("fit: f", ofOffset, bound), new("fit: N", ofN, bound),
            new("fit: packed", ofPacked, Math.Max(bound, 1e-6)),
        ];

        static void Add<T>(ref double largest, T[] actual, T[] expected, Func<int, double> unit) where T : INumber<T>
        {
            largest = Math.Max(largest, KernelError.Largest<double>(InUnits(actual), InUnits(expected)));

            double[] InUnits(T[] numbers) => [.. numbers.Select((number, i) => double.CreateChecked(number) * unit(i))];
        }
    }
}
