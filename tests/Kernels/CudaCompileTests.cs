using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Naf.Gpu;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Every kernel as CUDA, compiled for a GPU by clang: what the emulated driver runs is also what a GPU's compiler takes.</summary>
[Needs(Need.Clang)]
public sealed partial class CudaCompileTests
{
    // what NVRTC takes from libdevice
    private static readonly string[] Mathematics =
    [
        "sqrt", "exp", "exp2", "expm1", "log", "log2", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "fabs", "floor", "ceil", "rsqrt",
        "round", "trunc", "pow", "atan2", "fmin", "fmax", "fmod", "hypot", "copysign", "fma",
    ];

    private static IEnumerable<string> Names => KernelCatalogue.All.Select(entry => entry.Name);

    [TestCaseSource(nameof(Names))]
    public void Kernels_compile_to_ptx(string name)
    {
        KernelSource source = KernelCatalogue.All.Single(entry => entry.Name == name).Make();
        string ptx = Ptx(source);
        Assert.That(source.Kernels, Is.Not.Empty);
        Assert.That(Entries().Matches(ptx).Select(m => m.Groups[1].Value), Is.EquivalentTo(source.Kernels.Select(k => k.Name)));
        Assert.That(Externals().Matches(ptx).Select(m => m.Groups[1].Value), Is.SubsetOf(Mathematics.SelectMany(f => new[] { f, f + "f" })));
        foreach (KernelSignature kernel in source.Kernels)
        {
            // each is passed as a pointer or a number of its size
            string[] types = [.. Regex.Matches(ptx, $@"\.param \.(\w+) {kernel.Name}_param_\d+").Select(m => m.Groups[1].Value)];
            Assert.That(types, Is.EqualTo(kernel.Parameters.Select(PtxType)), kernel.Name);
        }
    }

    [Test]
    public void A_call_of_what_is_not_there_does_not_compile() =>
        Assert.That(() => Ptx(TestKernels.Source("KERNEL(THREADS) void k(GLOBAL float* x) { x[0] = no_such_function(1); }")),
            Throws.TypeOf<KernelCompileException>().With.Message.Contains("no_such_function"));

    [Test]
    public void Every_embedded_file_is_in_the_catalogue()
    {
        string all = string.Concat(KernelCatalogue.All.Select(entry => entry.Make().Text));
        Assembly[] assemblies = [typeof(GpuDevice).Assembly, typeof(NafShape).Assembly];
        IEnumerable<string> files = assemblies.SelectMany(a => a.GetManifestResourceNames());
        Assert.That(files.Where(f => f.EndsWith(".gpu.c", StringComparison.Ordinal)
            && !all.Contains($"#line 1 \"{f}\"", StringComparison.Ordinal)), Is.Empty);
    }

    private static string PtxType((bool IsBuffer, Type Type, string Name) parameter) =>
        parameter.IsBuffer || parameter.Type == typeof(long) || parameter.Type == typeof(ulong) ? "u64"
        : parameter.Type == typeof(float) ? "f32" : parameter.Type == typeof(double) ? "f64" : "u32";

    private static string Ptx(KernelSource source)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["kernel.cu"], source.Text);
        string prelude = Path.Combine(Repository.Root, "tests", "Kernels", "CudaPrelude.h");
        string[] arguments =
        [
            "-x", "cuda", "--cuda-gpu-arch=sm_70", "--cuda-device-only", "-nocudalib", "-nocudainc", "-std=c++17", "-O1", "-S",
            "-Wno-unknown-cuda-version", "-include", prelude, "-o", folder["kernel.ptx"], folder["kernel.cu"],
        ];
        using Process clang = Process.Start(new ProcessStartInfo("clang", arguments) { RedirectStandardError = true })!;
        string log = clang.StandardError.ReadToEnd();
        clang.WaitForExit();
        return clang.ExitCode == 0 ? File.ReadAllText(folder["kernel.ptx"]) : throw new KernelCompileException("clang", source.Name, log);
    }

    [GeneratedRegex(@"\.visible \.entry (\w+)\(")]
    private static partial Regex Entries();

    [GeneratedRegex(@"\.extern \.func\s+(?:\([^)]*\)\s*)?(\w+)")]
    private static partial Regex Externals();
}
